import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { needs } from "@sallyport/testing";
import { runSallyport, scratchDirectory } from "./run-sallyport.ts";
import { RunningServer } from "./running-server.ts";

const run = promisify(execFile);
const scratch = scratchDirectory();
// Root becomes somebody else, who has to get there.
chmodSync(scratch, 0o755);
const asRoot = process.getuid?.() === 0;
const ownRights: readonly string[] = asRoot ? ["--run-as", "nobody"] : [];
const state = join(scratch, "state");
const note = join(scratch, "note.txt");
writeFileSync(note, "a note\n");

let server: RunningServer;
let port = 0;

function startPublic(...words: string[]): RunningServer {
  const where = ["--listen", "127.0.0.1", "--explicit-port", "0", "--implicit-port", "0"];
  return new RunningServer(["start", "--public", "--state", state, ...where, ...ownRights, ...words]);
}

/** Runs curl from an address of this machine. */
async function curlFrom(address: string, path: string, ...words: string[]): Promise<string> {
  const trust = ["--ssl-reqd", "--cacert", join(state, "tls/ca.pem"), "--interface", address];
  const url = `ftp://demo:password@127.0.0.1:${port}${path}`;
  const { stdout } = await run("curl", ["-sS", "--max-time", "20", ...trust, ...words, url]);
  return stdout;
}

/** Connects from an address and waits for the first line. */
async function greeted(address: string): Promise<{ socket: Socket; line: string }> {
  const socket = connect({ host: "127.0.0.1", port, localAddress: address });
  const [line] = (await once(socket.setEncoding("latin1"), "data")) as [string];
  return { socket, line };
}

describe("a server for strangers", { skip: needs("linux", "curl", ...(asRoot ? ["reachable-checkout"] : [])) }, () => {
  before(async () => {
    server = startPublic();
    port = await server.port("explicit");
  });
  after(() => server.stop());

  test("greets with the credentials", async () => {
    const { socket, line } = await greeted("127.0.0.9");
    socket.destroy();
    assert.match(line, /^220 .*Log in as demo with password password;/);
  });

  test("shows samples that nobody can change", async () => {
    assert.match(await curlFrom("127.0.0.2", "/samples/"), /16777216 .* 16-MiB\.bin/);
    await assert.rejects(curlFrom("127.0.0.2", "/readme.txt", "-T", note), { code: 25 });
    await assert.rejects(curlFrom("127.0.0.2", "/readme.txt", "-T", note, "-a"), { code: 25 });
    await assert.rejects(curlFrom("127.0.0.2", "/", "-Q", "DELE /readme.txt"), { code: 21 });
  });

  test("gives each address a place to write that others do not see", async () => {
    await curlFrom("127.0.0.3", "/upload/note.txt", "-T", note);
    assert.equal(await curlFrom("127.0.0.3", "/upload/note.txt"), "a note\n");
    assert.equal(await curlFrom("127.0.0.4", "/upload/"), "");
    await assert.rejects(curlFrom("127.0.0.4", "/upload/note.txt"), { code: 78 });
  });

  test("refuses more than 4 MiB of one address", async () => {
    const big = join(scratch, "big.bin");
    writeFileSync(big, Buffer.alloc(4_194_305));
    await assert.rejects(curlFrom("127.0.0.5", "/upload/big.bin", "-T", big));
    await assert.rejects(curlFrom("127.0.0.5", "/upload/big.bin"), "what is not whole is not given out");
  });

  test("takes eight connections of one address", async () => {
    const connections = await Promise.all(Array.from({ length: 8 }, () => greeted("127.0.0.6")));
    const ninth = await greeted("127.0.0.6");
    const other = await greeted("127.0.0.7");
    for (const { socket } of [...connections, ninth, other]) socket.destroy();
    assert.ok(connections.every(({ line }) => line.startsWith("220 ")));
    assert.match(ninth.line, /^421 /);
    assert.match(other.line, /^220 /);
  });

  test("says in the log what it serves, without a password file", async () => {
    const ready = await server.event("demo-ready");
    assert.equal(ready["demoAccount"], "demo");
    assert.equal(ready["passwordFile"], undefined);
  });
});

describe("start --public", () => {
  test("does not serve as root", { skip: asRoot ? false : "needs root" }, async () => {
    const refused = await runSallyport(["start", "--public", "--state", join(scratch, "other")]);
    assert.equal(refused.code, 77, refused.stderr);
    assert.match(refused.stderr, /does not run as root/);
  });

  for (const flag of ["--files", "--cert", "--key", "--masquerade", "--passive-ports"]) {
    test(`${flag} is refused without --public`, async () => {
      const value = flag === "--masquerade" ? "192.0.2.1" : flag === "--passive-ports" ? "50000-50010" : scratch;
      const refused = await runSallyport(["start", flag, value]);
      assert.equal(refused.code, 64, refused.stderr);
      assert.match(refused.stderr, new RegExp(`^[^\n]*${flag} [^\n]*--public[^\n]*\n$`));
    });
  }

  test("--cert without --key is refused", async () => {
    const refused = await runSallyport(["start", "--public", "--cert", note]);
    assert.equal(refused.code, 64, refused.stderr);
    assert.match(refused.stderr, /--cert and --key belong together/);
  });
});
