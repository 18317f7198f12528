import { reply } from "@sallyport/protocol";
import type { ReadableFile, WritableFile } from "@sallyport/server/storage";
import { withPath } from "../../command-handler.ts";
import type { SiteHandler } from "./site-handler.ts";

const blockBytes = 1_048_576;

/** Remembers what SITE CPTO copies. Login and both paths' rights are needed (CVE-2015-3306, CVE-2019-12815). */
export const siteCpfr: SiteHandler = (context, argument) =>
  withPath(context, argument, async (path, { storage }) => {
    const entry = await storage.stat(path, { followLinks: true });
    if (entry.type !== "file") return { reply: reply(550, "Only files can be copied.") };
    await (await storage.openRead(path)).close();
    return { reply: reply(350, "SITE CPTO gives the copy's name."), changes: { pair: { kind: "copy-from", path } } };
  });

/** Copies to a staged file and publishes it whole. */
export const siteCpto: SiteHandler = (context, argument) => {
  const { pair } = context.state;
  if (pair.kind !== "copy-from") return { reply: reply(503, "SITE CPFR comes first.") };
  return withPath(context, argument, async (path, { storage }) => {
    if (path === pair.path) return { reply: reply(553, "A file cannot be copied onto itself.") };
    const source = await storage.openRead(pair.path);
    try {
      const copy = await storage.openWrite(path, { kind: "replace", expectedBytes: source.sizeBytes });
      await copyAll(source, copy, context.signal);
    } finally {
      await source.close();
    }
    context.emit({ kind: "changed", change: "copied", path: pair.path, newPath: path });
    return { reply: reply(250, "Copied.") };
  });
};

async function copyAll(source: ReadableFile, copy: WritableFile, signal: AbortSignal): Promise<void> {
  const buffer = new Uint8Array(blockBytes);
  try {
    for (let position = 0; ;) {
      signal.throwIfAborted();
      const read = await source.read(buffer, position);
      if (read === 0) break;
      await copy.write(buffer.subarray(0, read), position);
      position += read;
      await new Promise((resolve) => setImmediate(resolve));
    }
  } catch (error) {
    await copy.abandon({ keep: false });
    throw error;
  }
  await copy.publish();
}
