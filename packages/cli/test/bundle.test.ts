import { sallyportCommand } from "@sallyport/testing";
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { scratchDirectory } from "./run-sallyport.ts";

const scratch = scratchDirectory();
const root = dirname(sallyportCommand);

/** A checkout as far as the launcher looks at one, with a Node that prints what it is given. */
function checkout(): { readonly source: string; readonly stamp: string; start(...words: string[]): string } {
  const folder = join(scratch, "checkout");
  const source = join(folder, "packages/cli/src/main.ts");
  const stamp = join(folder, "packages/cli/bundle/as-of");
  for (const place of ["node_modules/.bin", "packages/cli/src", "packages/cli/bundle"]) {
    mkdirSync(join(folder, place), { recursive: true });
  }
  cpSync(sallyportCommand, join(folder, "sallyport"));
  writeFileSync(join(folder, "package-lock.json"), "");
  writeFileSync(join(folder, "node_modules/.provisioned"), "");
  writeFileSync(join(folder, "node_modules/.bin/node"), '#!/bin/sh\nfor word; do echo "$word"; done\n');
  chmodSync(join(folder, "node_modules/.bin/node"), 0o755);
  writeFileSync(source, "");
  writeFileSync(stamp, "");
  // What is older than something is so by an hour, whatever the file system's clock.
  aged(2, join(folder, "package-lock.json"));
  for (const place of ["packages/cli/src", "packages/cli/src/main.ts", "node_modules/.provisioned"]) {
    aged(1, join(folder, place));
  }
  return {
    source,
    stamp,
    start: (...words) => execFileSync(join(folder, "sallyport"), words, { encoding: "utf8" }),
  };
}

function aged(hours: number, path: string): void {
  const then = new Date(Date.now() - hours * 3_600_000);
  utimesSync(path, then, then);
}

test("client commands start from the bundle for as long as no source is newer; what serves never does", () => {
  const { source, stamp, start } = checkout();
  const bundled = "packages/cli/bundle/main.cjs";
  assert.match(start("ls", "somewhere"), new RegExp(bundled));
  assert.match(start("serve"), /src\/main\.ts/);
  assert.match(start("--version"), /src\/main\.ts/);
  const now = new Date();
  utimesSync(source, now, now);
  aged(0.5, stamp);
  assert.match(start("ls", "somewhere"), /src\/main\.ts/);
});

test("the bundle does what its sources do", { skip: missingBundle() }, () => {
  const bundle = join(root, "packages/cli/bundle/main.cjs");
  for (const words of [["--version"], ["get", "--help"], ["ls", "ftp://localhost:0/"], ["ls"]]) {
    const [fromBundle, fromSource] = [bundle, join(root, "packages/cli/src/main.ts")].map((program) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, ["--conditions=source", program, ...words], {
        encoding: "utf8",
      });
      return { status, stdout, stderr };
    });
    assert.deepEqual(fromBundle, fromSource);
  }
});

/** The install makes it; who changes sources has an old one, which says nothing. */
function missingBundle(): string | false {
  const stamp = join(root, "packages/cli/bundle/as-of");
  if (process.env["CI"] !== undefined) return false;
  if (!existsSync(stamp)) return "there is no bundle";
  const newer = spawnSync("find", [join(root, "packages"), "-path", "*/src/*", "-newer", stamp, "-print", "-quit"]);
  return newer.stdout.length > 0 ? "the bundle is older than its sources" : false;
}

test("every command that the launcher takes from the bundle is one", () => {
  const [, words = ""] = /\n {2}(ls \|[^)]*)\)/.exec(readFileSync(sallyportCommand, "utf8")) ?? [];
  const commands = words.split("|").map((word) => word.trim());
  assert.ok(commands.length > 10);
  const { stdout } = spawnSync(sallyportCommand, ["--help"], { encoding: "utf8" });
  for (const command of commands) assert.match(stdout, new RegExp(`^ +${command}\\b`, "m"));
});
