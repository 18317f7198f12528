import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { checkout, commandAt, needs } from "@sallyport/testing";

const scratch = mkdtempSync(join(tmpdir(), "sallyport-program-"));
chmodSync(scratch, 0o755);
after(() => rmSync(scratch, { recursive: true }));
const [folder, other] = [join(scratch, "folder"), join(scratch, "other")];
for (const path of [folder, other]) mkdirSync(join(path, "place"), { recursive: true });

const group = 54_321;
const somebody = { uid: 65_533, gid: 65_533, groups: [65_533, group] };

/** Asks in a process whose program lies in the folder; with `mount` the second path shows what the first one is. */
function ask(question: { forks?: boolean; mount?: readonly [string, string]; node?: string } = {}): string {
  const { forks = false, mount, node = process.execPath } = question;
  const program = fileURLToPath(import.meta.resolve("./ask-program-files.ts"));
  const words = [node, "--conditions=source", program, JSON.stringify(somebody), forks ? "forks" : ""];
  const mounting = ["sh", "-c", 'mount --bind "$1" "$2" && shift 2 && exec "$@"', "sh"];
  const moved = mount === undefined ? words : [...mounting, ...mount, ...words];
  const [file = "", ...rest] = commandAt(join(folder, "place"), moved);
  const { status, stdout, stderr } = spawnSync(file, rest, { encoding: "utf8", timeout: 20_000 });
  assert.equal(status, 0, stderr);
  return stdout;
}

describe("the program's own files", { skip: needs("linux", "root", "mount") }, () => {
  beforeEach(() => {
    for (const path of [folder, other]) {
      chownSync(path, 0, 0);
      chmodSync(path, 0o755);
    }
  });

  test("are reached below folders that can be entered, by others or by one of the user's groups", () => {
    assert.equal(ask({ forks: true }), "");
    chmodSync(folder, 0o711);
    assert.equal(ask({ forks: true }), "");
    chownSync(folder, 0, group);
    chmodSync(folder, 0o710);
    assert.equal(ask({ forks: true }), "");
  });

  test("are not below one that cannot, and the uppermost of them is named", () => {
    chmodSync(join(folder, "place"), 0o755);
    for (const mode of [0o700, 0o744, 0o706]) {
      chmodSync(folder, mode);
      if (mode === 0o706) chownSync(folder, 0, group);
      assert.match(ask(), new RegExp(`^Somebody cannot enter ${folder}, below .*"chmod o\\+x ${folder}"\\.$`));
    }
  });

  test("are all asked for: a module of ours that is closed is named", () => {
    const copy = join(scratch, "octets.ts");
    const module = join(checkout, "packages/protocol/src/octets.ts");
    copyFileSync(module, copy);
    chmodSync(copy, 0o600);
    const named = join(folder, "place/packages/protocol/src/octets.ts");
    assert.match(
      ask({ mount: [copy, module] }),
      new RegExp(`^Somebody cannot read ${named}, .*"chmod o\\+r ${named}"\\.$`),
    );
    chmodSync(copy, 0o604);
    assert.equal(ask({ mount: [copy, module] }), "");
  });

  test("count Node only where it is started again", () => {
    chmodSync(other, 0o700);
    const place = join(other, "place");
    const question = { mount: [dirname(process.execPath), place] as const, node: join(place, "node") };
    assert.equal(ask(question), "");
    assert.match(
      ask({ ...question, forks: true }),
      new RegExp(`^Somebody cannot enter ${other}, below .* its Node lies:`),
    );
  });
});
