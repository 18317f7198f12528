import { startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

test(
  "S-28 ABOR while a TYPE A restart offset is looked for leaves no file open",
  { skip: process.platform !== "linux" && "open files are counted in /proc" },
  async () => {
    await using server = await startTestServer();
    const file = join(server.directory, "lines");
    await writeFile(file, Buffer.alloc(40_000_000, "abc\n"));
    await using client = await server.loggedIn();
    await client.expect("TYPE A", 200);
    await client.expect("EPSV", 229);
    await client.expect("REST 49000000", 350);
    client.send("RETR lines\r\n");
    client.send("ABOR\r\n");
    assert.equal((await client.reply()).code, 426);
    assert.equal((await client.reply()).code, 226);
    assert.deepEqual(
      openFiles().filter((name) => name === file),
      [],
    );
  },
);

function openFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      return [];
    }
  });
}
