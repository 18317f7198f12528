import { displayOctets, type Octets } from "@sallyport/protocol";
import type { ServiceEvent } from "./service-event.ts";

/**
 * The fields of an event as a JSON line has them: names and lines as people read them, errors with their stack.
 * Connection and address come first, because filters read lines from the left (S-09).
 */
export function jsonFields(event: ServiceEvent): Record<string, unknown> {
  const { kind, atMs, ...rest } = event;
  // What other lines of the connection have said.
  const ordered = { connection: undefined, remoteAddress: undefined, ...rest, controlTls: undefined, home: undefined };
  const fields = Object.entries(ordered).map(([name, value]) => [name, jsonValue(name, value)] as const);
  return { time: new Date(atMs).toISOString(), event: kind, ...Object.fromEntries(fields) };
}

const octetFields = new Set(["path", "newPath", "line"]);

function jsonValue(name: string, value: unknown): unknown {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fields of these names hold octets
  if (octetFields.has(name) && typeof value === "string") return displayOctets(value as Octets);
  // The clock's nanoseconds are noise.
  if (typeof value === "number" && name.endsWith("Ms")) return Math.round(value * 10) / 10;
  if (value instanceof Error) return { type: value.name, message: value.message, stack: value.stack };
  return value;
}
