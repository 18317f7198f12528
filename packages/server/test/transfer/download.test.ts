import type { VirtualPath } from "@sallyport/protocol";
import { LocalDirectory, type Storage, subtree } from "@sallyport/server/storage";
import { startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
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

for (const hook of ["with", "without"] as const) {
  test(`R-DATA-05 a file that shrinks during a download in clear is 426, ${hook} the kernel's help`, async () => {
    const inner = await mkdtemp(join(tmpdir(), "sallyport-shrinking-"));
    await using _ = { [Symbol.asyncDispose]: () => rm(inner, { recursive: true }) };
    const directory = await LocalDirectory.open(inner);
    const file = join(inner, "file");
    await writeFile(file, Buffer.alloc(64_000_000, "octets"));
    await using server = await startTestServer({
      listener: { requireTls: "login" },
      storage: hook === "with" ? directory : { forOwner: (owner) => hidingDescriptors(directory.forOwner(owner)) },
    });
    await using client = await server.loggedIn();
    await client.expect("PROT C", 200);
    const data = await client.openPassive();
    data.on("error", () => {}).pause();
    await client.expect("RETR file", 150);
    await truncate(file, 20_000_000);
    data.resume();
    assert.equal((await client.reply()).code, 426);
    assert.deepEqual(
      openFiles().filter((name) => name === file),
      [],
    );
    // The login goes on, and what is left is sent whole.
    const { octets } = await client.retrieve("RETR file", { clear: true });
    assert.ok(octets.equals(Buffer.alloc(20_000_000, "octets")));
    await client.expect("REST 19999990", 350);
    const rest = await client.retrieve("RETR file", { clear: true });
    assert.ok(rest.octets.equals(Buffer.alloc(20_000_000, "octets").subarray(19_999_990)));
  });
}

/** A storage as it is where the kernel must not send by itself. */
function hidingDescriptors(storage: Storage): Storage {
  return new Proxy(storage, {
    get: (target, name) => {
      if (name === "openRead") {
        return async (path: VirtualPath) => {
          const file = await target.openRead(path);
          return new Proxy(file, { get: (inner, key) => (key === "descriptor" ? undefined : bound(inner, key)) });
        };
      }
      if (name === "subtree") return (path: VirtualPath) => hidingDescriptors(subtree(target, path));
      return bound(target, name);
    },
  });
}

function bound(target: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key);
  return typeof value === "function" ? value.bind(target) : value;
}

function openFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      return [];
    }
  });
}
