import {
  type FactsAndPathname,
  formatTimeValue,
  parseTimeValue,
  replyOctets,
  type TimeAndPathname,
  type VirtualPath,
} from "@sallyport/protocol";
import { type Attributes, type Storage, StorageError } from "@sallyport/server/storage";
import { type CommandContext, type Outcome, withPath } from "./command-handler.ts";

/** Sets one time and answers with the value that was set (R-MFXX-01). */
export function setTime(
  context: CommandContext,
  { timeMs, pathname }: TimeAndPathname,
  fact: "Modify" | "Create",
): Outcome | Promise<Outcome> {
  return withPath(context, pathname, async (path, { storage }) => {
    const entry = await storage.stat(path);
    await setAttributes(storage, path, fact === "Modify" ? { modifiedMs: timeMs } : { createdMs: timeMs });
    context.emit({ kind: "changed", change: "attributes-set", path });
    const after = await storage.stat(path);
    const value = formatTimeValue((fact === "Modify" ? after.modifiedMs : after.createdMs) ?? entry.modifiedMs) ?? "";
    return { reply: replyOctets(213, `${fact}=${value}; `, pathname) };
  });
}

const settableFacts: Readonly<Record<string, (value: string) => Attributes | undefined>> = {
  modify: (value) => timeAttribute(value, (modifiedMs) => ({ modifiedMs })),
  create: (value) => timeAttribute(value, (createdMs) => ({ createdMs })),
  "unix.mode": (value) => (/^0?[0-7]{3}$/.test(value) ? { mode: Number.parseInt(value, 8) } : undefined),
};

function timeAttribute(value: string, attribute: (timeMs: number) => Attributes): Attributes | undefined {
  const timeMs = parseTimeValue(value);
  return timeMs === undefined ? undefined : attribute(timeMs);
}

/** Sets several facts together: an unknown one is 504 and names itself, a malformed one 501, and then none is set. */
export function setFacts(context: CommandContext, { facts, pathname }: FactsAndPathname): Outcome | Promise<Outcome> {
  const attributes: Attributes = {};
  for (const { name, value } of facts) {
    const read = settableFacts[name.toLowerCase()];
    if (read === undefined) return { reply: replyOctets(504, "This fact cannot be set: ", name) };
    const attribute = read(value);
    if (attribute === undefined) return { reply: replyOctets(501, "This value is malformed: ", name) };
    Object.assign(attributes, attribute);
  }
  return withPath(context, pathname, async (path, { storage }) => {
    await storage.stat(path);
    await setAttributes(storage, path, attributes);
    context.emit({ kind: "changed", change: "attributes-set", path });
    const shown = facts.map(({ name, value }) => `${name}=${value};`).join("");
    return { reply: replyOctets(213, shown, " ", pathname) };
  });
}

async function setAttributes(storage: Storage, path: VirtualPath, attributes: Attributes): Promise<void> {
  if (storage.setAttributes === undefined) throw new StorageError("unsupported", "the storage cannot set attributes");
  await storage.setAttributes(path, attributes);
}
