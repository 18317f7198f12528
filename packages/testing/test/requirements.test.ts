import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { findProgram, needs, nodeArguments } from "@sallyport/testing";

test("a program that is there is no reason to skip", () => {
  assert.equal(needs("sh"), false);
  assert.equal(findProgram("sh")?.endsWith("/sh"), true);
});

test("a missing program is a reason, with the package that has it", () => {
  const { PATH: path, CI: build } = process.env;
  try {
    process.env["PATH"] = "/nowhere";
    delete process.env["CI"];
    assert.equal(needs("lftp-of-nobody"), "this machine lacks lftp-of-nobody");
    assert.equal(needs("ncftpget"), "this machine lacks ncftpget (Debian package ncftp)");
  } finally {
    Object.assign(process.env, { PATH: path, ...(build === undefined ? {} : { CI: build }) });
  }
});

test("on a build machine a missing program fails the test file", () => {
  const module = fileURLToPath(import.meta.resolve("@sallyport/testing"));
  const script = `import { needs } from ${JSON.stringify(module)}; needs("lftp-of-nobody");`;
  assert.throws(
    () =>
      execFileSync(process.execPath, [...nodeArguments, "--input-type=module", "-e", script], {
        env: { ...process.env, CI: "true" },
        stdio: "pipe",
        encoding: "utf8",
      }),
    /on a build machine no test is skipped/,
  );
});
