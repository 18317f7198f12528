import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { ConfigError } from "@sallyport/protocol";
import {
  defaultStatePath,
  handOver,
  lockStateDirectory,
  prepareStateDirectory,
  requireStateDirectory,
  runningServer,
} from "../src/state-directory.ts";

const scratch = mkdtempSync(join(tmpdir(), "sallyport-state-"));
after(() => rmSync(scratch, { recursive: true }));

let directories = 0;
function freshPath(): string {
  return join(scratch, `state-${directories++}`);
}

const asRoot = process.getuid?.() === 0;
const needsRoot = asRoot ? {} : { skip: "needs root" };
const needsAnotherUser = asRoot ? { skip: "root may do everything" } : {};

test("the default place follows XDG, and is /var/lib/sallyport for root", () => {
  assert.equal(defaultStatePath({}, 0), "/var/lib/sallyport");
  assert.equal(defaultStatePath({ XDG_STATE_HOME: "/x/state" }, 1000), "/x/state/sallyport");
  assert.equal(defaultStatePath({ XDG_STATE_HOME: "relative" }, 1000), join(homedir(), ".local/state/sallyport"));
});

describe("preparing", () => {
  test("a missing directory is made with mode 0700, an empty one is closed, one in use keeps its mode", () => {
    assert.equal(statSync(prepareStateDirectory(freshPath()).path).mode & 0o777, 0o700);
    const empty = freshPath();
    mkdirSync(empty, { mode: 0o755 });
    assert.equal(statSync(prepareStateDirectory(empty).path).mode & 0o777, 0o700);
    const used = freshPath();
    mkdirSync(used, { mode: 0o755 });
    writeFileSync(join(used, "file"), "");
    assert.equal(statSync(prepareStateDirectory(used).path).mode & 0o777, 0o755);
  });

  test("a file, a path below a file, and a missing directory are named", () => {
    const file = freshPath();
    writeFileSync(file, "");
    assert.throws(() => prepareStateDirectory(file), configError("SALLYPORT_STATE_NOT_A_DIRECTORY", file));
    assert.throws(() => prepareStateDirectory(join(file, "x")), configError("SALLYPORT_STATE_NOT_A_DIRECTORY", file));
    const missing = freshPath();
    assert.throws(() => requireStateDirectory(missing), configError("SALLYPORT_STATE_MISSING", missing));
    assert.equal(existsSync(missing), false);
  });

  test("what others may change or read is named with the command that closes it", () => {
    const open = freshPath();
    mkdirSync(join(open, "tls"), { recursive: true });
    chmodSync(open, 0o777);
    assert.throws(() => prepareStateDirectory(open), configError("SALLYPORT_STATE_EXPOSED", `chmod go-w ${open}`));
    chmodSync(open, 0o755);
    writeFileSync(join(open, "tls", "key.pem"), "", { mode: 0o644 });
    assert.throws(() => prepareStateDirectory(open), configError("SALLYPORT_STATE_EXPOSED", "key.pem"));
    chmodSync(join(open, "tls", "key.pem"), 0o600);
    assert.doesNotThrow(() => prepareStateDirectory(open));
  });

  test("a directory that this user may not write to is named", needsAnotherUser, () => {
    const { path } = prepareStateDirectory(freshPath());
    chmodSync(path, 0o500);
    assert.throws(() => prepareStateDirectory(path), configError("SALLYPORT_STATE_UNWRITABLE", path));
    assert.throws(() => prepareStateDirectory(join(path, "below")), configError("SALLYPORT_STATE_UNWRITABLE", path));
    assert.throws(() => requireStateDirectory("/"), configError("SALLYPORT_STATE_WRONG_OWNER", "user number 0"));
  });
});

describe("the lock", () => {
  test("lets one server in, names its process to the next, and is free after it", () => {
    const state = prepareStateDirectory(freshPath());
    const lock = lockStateDirectory(state);
    assert.equal(runningServer(state), process.pid);
    assert.throws(() => lockStateDirectory(state), configError("SALLYPORT_STATE_IN_USE", `process ${process.pid}`));
    lock[Symbol.dispose]();
    assert.equal(runningServer(state), undefined);
    lockStateDirectory(state)[Symbol.dispose]();
  });

  test("is free after a server was killed, whatever number it left behind", async () => {
    const state = prepareStateDirectory(freshPath());
    const script = `
      import { lockStateDirectory, stateDirectory } from ${JSON.stringify(new URL("../src/state-directory.ts", import.meta.url).href)};
      globalThis.lock = lockStateDirectory(stateDirectory(${JSON.stringify(state.path)}));
      process.stdout.write("locked");
      setInterval(() => {}, 1000);`;
    const child = spawn(
      process.execPath,
      [...process.execArgv.filter((word) => word.startsWith("--conditions")), "--input-type=module", "-e", script],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await once(child.stdout, "data");
    assert.throws(() => lockStateDirectory(state), configError("SALLYPORT_STATE_IN_USE", `process ${child.pid}`));
    child.kill("SIGKILL");
    await once(child, "exit");
    writeFileSync(state.pid, `${process.pid}\n`);
    using _lock = lockStateDirectory(state);
    assert.equal(Number(readFileSync(state.pid, "utf8")), process.pid);
  });

  test("a lock file that cannot be one is named", () => {
    const state = prepareStateDirectory(freshPath());
    writeFileSync(state.lock, "this is no lock, and no database either, but quite long");
    assert.throws(() => lockStateDirectory(state), configError("SALLYPORT_STATE_UNWRITABLE", state.lock));
  });
});

test("handing over changes what root owns, and nothing else", needsRoot, () => {
  const state = prepareStateDirectory(freshPath());
  mkdirSync(state.tls);
  for (const path of [state.accounts, join(state.tls, "key.pem"), join(state.path, "foreign")])
    writeFileSync(path, "", { mode: 0o600 });
  writeFileSync(state.demoPassword, "", { mode: 0o600 });
  chownSync(state.demoPassword, 1234, 1234);
  handOver(state, { uid: 65_534, gid: 65_534 });
  const owners = [
    state.path,
    state.tls,
    state.accounts,
    join(state.tls, "key.pem"),
    join(state.path, "foreign"),
    state.demoPassword,
  ];
  assert.deepEqual(
    owners.map((path) => statSync(path).uid),
    [65_534, 65_534, 65_534, 65_534, 0, 1234],
  );
});

function configError(code: string, named: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.code, code, error.message);
    assert.ok(error.message.includes(named), error.message);
    assert.match(error.message, /^[^\n]+\.$/);
    return true;
  };
}
