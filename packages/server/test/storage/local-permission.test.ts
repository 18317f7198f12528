import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { needs, reachableCommand } from "@sallyport/testing";
import { temporaryDirectory } from "./temporary-directory.ts";

const nobody = 65_534;

/** Makes an entry with an owner and a mode. */
function make(at: string, owner: number, mode: number, content?: string): void {
  if (content === undefined) fs.mkdirSync(at);
  else fs.writeFileSync(at, content);
  fs.chownSync(at, owner, owner);
  fs.chmodSync(at, mode);
}

const circumstances = { timeout: 60_000, skip: needs("root", "reachable-checkout") };

test("what the system forbids is denied, and nothing else is", circumstances, (context) => {
  const root = temporaryDirectory(context);
  fs.chmodSync(root, 0o755);
  make(path.join(root, "closed"), 0, 0o600, "secret");
  make(path.join(root, "fixed"), 0, 0o644, "fixed");
  make(path.join(root, "fixed-directory"), 0, 0o755);
  make(path.join(root, "fixed-directory/f"), 0, 0o666, "f");
  make(path.join(root, "unreadable"), 0, 0o711);
  make(path.join(root, "unreadable/f"), 0, 0o644, "f");
  make(path.join(root, "shut"), 0, 0o700);
  make(path.join(root, "shut/f"), 0, 0o644, "f");
  make(path.join(root, "open"), nobody, 0o755);

  const script = fileURLToPath(import.meta.resolve("./unprivileged-process.ts"));
  const unprivileged = ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"];
  const [file, words] = reachableCommand([...unprivileged, process.execPath, "--conditions=source", script, root]);
  const { stdout, stderr } = spawnSync(file, words, { encoding: "utf8" });
  assert.notEqual(stdout, "", stderr);
  const { outcomes, open } = JSON.parse(stdout);
  const granted = /^(?:list the root|read through|upload into an open|append there|be interrupted|continue there)/;
  for (const [name, kind] of Object.entries(outcomes)) assert.equal(kind, granted.test(name) ? "done" : "denied", name);
  assert.deepEqual(open, ["new", "part"]);
  assert.equal(fs.readFileSync(path.join(root, "fixed"), "utf8"), "fixed");
  assert.equal(fs.readFileSync(path.join(root, "open/part"), "utf8"), "half+rest");
});
