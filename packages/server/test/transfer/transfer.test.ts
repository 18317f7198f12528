import { MemoryDirectory, type ReadableFile, type StorageSource } from "@sallyport/server/storage";
import { type FtpDriver, startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { test } from "node:test";

test("S-28 a download that fails at its first step ends the transfer and not the process", async () => {
  let closedCount = 0;
  const endsEarly = {
    sizeBytes: 10,
    modifiedMs: 0,
    read: () => 0,
    close: async () => void closedCount++,
    [Symbol.asyncDispose]: async () => undefined,
  } satisfies ReadableFile;
  await using server = await startTestServer({ storage: givingOut(endsEarly) });
  await using client = await server.loggedIn();
  // From the second time on the data connection resumes and is sent a new ticket in the same step.
  for (let turn = 0; turn < 5; turn++) assert.equal(await fetchedOverTls(client), 426);
  assert.equal(closedCount, 5);
});

function givingOut(file: ReadableFile): StorageSource {
  const memory = new MemoryDirectory();
  return {
    forOwner: (owner) => {
      const storage = memory.forOwner(owner);
      return new Proxy(storage, {
        get: (target, name) => {
          if (name === "openRead") return async () => file;
          const value: unknown = Reflect.get(target, name);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    },
  };
}

async function fetchedOverTls(client: FtpDriver): Promise<number> {
  const socket = await client.openPassive();
  await client.expect("RETR file", 150);
  const data = await client.secureData(socket, { rejectUnauthorized: false }).catch(() => undefined);
  data?.on("error", () => undefined);
  return (await client.reply()).code;
}
