// A process that uploads until it is killed: node uploading-process.ts ACTIVITY ROOT. It says `ready` when it is at work.
import type { VirtualPath } from "@sallyport/protocol";
import { LocalDirectory, type Storage } from "@sallyport/server/storage";

const block = new Uint8Array(65_536);

const activities: Record<string, (storage: Storage) => Promise<void>> = {
  /** Appends to `/log`, which it finds. */
  append: (storage) => writeForEver(storage, "/log"),
  /** Continues the interrupted upload `/part`. */
  continue: (storage) => writeForEver(storage, "/part"),
  /** Uploads `/new`. */
  upload: (storage) => writeForEver(storage, "/new"),
  /** Replaces `/file` by all `a` and all `b`, and appends to it and resumes it now and then. */
  publish: async (storage) => {
    for (let round = 0; ; round++) {
      const letter = round % 2 === 0 ? 0x61 : 0x62;
      await write(storage, "/file", { kind: "replace" }, letter, 300_000);
      await write(storage, "/file", { kind: "append" }, letter, 100_000);
      await write(storage, "/file", { kind: "resume", offset: 200_000 }, letter, 50_000);
      if (round === 1) process.stdout.write("ready\n");
    }
  },
};

async function writeForEver(storage: Storage, at: string): Promise<void> {
  const file = await storage.openWrite(at as VirtualPath, { kind: "append" });
  for (let position = file.startPosition; ; position += block.length) {
    await file.write(block, position);
    if (position === file.startPosition) process.stdout.write("ready\n");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function write(
  storage: Storage,
  at: string,
  intent: Parameters<Storage["openWrite"]>[1],
  letter: number,
  lengthBytes: number,
): Promise<void> {
  const file = await storage.openWrite(at as VirtualPath, intent);
  const end = file.startPosition + lengthBytes;
  for (let position = file.startPosition; position < end; position += block.length) {
    await file.write(block.subarray(0, end - position).fill(letter), position);
    await new Promise(setImmediate);
  }
  await file.publish();
}

const [activity = "", root = ""] = process.argv.slice(2);
const directory = await LocalDirectory.open(root);
await activities[activity]?.(directory.forOwner("alice"));
