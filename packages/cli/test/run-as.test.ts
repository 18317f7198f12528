import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { commandAt, needs, reachableCommand } from "@sallyport/testing";
import { launcher, scratchDirectory, snapshot } from "./run-sallyport.ts";

const nobody = 65_534;
const scratch = scratchDirectory();
chmodSync(scratch, 0o755);

/** The program lies in here, where root alone gets. */
const closed = join(scratch, "closed");
const place = join(closed, "program");
mkdirSync(place, { recursive: true });
chmodSync(closed, 0o700);

const root = join(scratch, "root");
mkdirSync(root);
chownSync(root, nobody, nobody);
const state = join(scratch, "state");
const ports = ["--listen", "127.0.0.1", "--explicit-port", "0", "--implicit-port", "0"];
const sentence = new RegExp(`cannot enter ${closed}, [^\n]* below /opt, [^\n]*"chmod o\\+x ${closed}"\\.\\n$`);

/** Runs the launcher from the closed folder, for 20 seconds at most. */
function run(...words: string[]) {
  const [file = "", ...rest] = commandAt(place, [launcher, ...words]);
  return spawnSync(file, rest, { encoding: "utf8", input: "secret word\n", timeout: 20_000 });
}

describe("a program that the user cannot reach", { skip: needs("linux", "root", "mount") }, () => {
  const runAs = ["--state", state, "--run-as", "nobody", ...ports];
  const commands: Record<string, string[]> = {
    start: ["start", ...runAs],
    "start --public": ["start", "--public", ...runAs],
    serve: ["serve", root, ...runAs, "--log", join(root, "log")],
    "serve --workers 2": ["serve", root, ...runAs, "--workers", "2", "--xferlog", join(root, "xferlog")],
  };
  for (const [name, words] of Object.entries(commands)) {
    test(`77 ${name}: one sentence names the folder, and nothing is changed`, () => {
      const before = snapshot(scratch);
      const { status, stdout, stderr } = run(...words);
      assert.match(stderr, new RegExp(`^sallyport: The user nobody ${sentence.source}`));
      assert.deepEqual([status, stdout], [77, ""]);
      assert.deepEqual(snapshot(scratch), before);
    });
  }

  test("77 an existing state directory keeps its owner", () => {
    const kept = join(scratch, "kept");
    assert.equal(run("user", "add", "alice", "--password-stdin", "--state", kept).status, 0);
    const before = snapshot(kept);
    const { status } = run("serve", root, "--state", kept, ...runAs.slice(2));
    assert.equal(status, 77);
    assert.deepEqual(snapshot(kept), before);
  });

  test("77 what root administers for that user: user add, cert create", () => {
    const owned = join(scratch, "owned");
    mkdirSync(owned, { mode: 0o700 });
    chownSync(owned, nobody, nobody);
    for (const words of [
      ["user", "add", "alice", "--password-stdin"],
      ["cert", "create"],
    ]) {
      const { status, stderr } = run(...words, "--state", owned);
      assert.match(stderr, new RegExp(`^sallyport: User number 65534, who owns ${owned}, ${sentence.source}`));
      assert.equal(status, 77);
      assert.deepEqual(readdirSync(owned), []);
    }
    const { status, stderr } = run("who", "--state", owned);
    assert.equal(status, 69, stderr);
  });

  test("is served by where others may enter the folder, also where they may not list it", async () => {
    chmodSync(closed, 0o711);
    const [file = "", ...words] = commandAt(place, [launcher, "serve", root, ...runAs, "--workers", "2", "--json"]);
    const child = spawn(file, words, { stdio: ["ignore", "pipe", "inherit"] });
    let heard = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      heard += text;
      if (heard.includes('"service-started"')) child.kill("SIGTERM");
    });
    await once(child, "close");
    chmodSync(closed, 0o700);
    assert.match(heard, /"service-started"/);
  });
});

test("77 --run-as is root's alone to ask for", { skip: needs("linux", "root", "reachable-checkout") }, () => {
  const before = snapshot(scratch);
  const unprivileged = ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"];
  const [file, words] = reachableCommand([
    ...unprivileged,
    launcher,
    "serve",
    root,
    "--state",
    state,
    "--run-as",
    "ftp",
  ]);
  const { status, stderr } = spawnSync(file, words, { encoding: "utf8", timeout: 20_000 });
  assert.match(stderr, /^sallyport: Only root can become another user: .* leave out --run-as ftp\.\n$/);
  assert.equal(status, 77);
  assert.deepEqual(snapshot(scratch), before);
});
