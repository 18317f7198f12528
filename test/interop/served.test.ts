import { needs } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { curl } from "./clients/curl.ts";
import { lftp } from "./clients/lftp.ts";
import type { Operation, Task } from "./peers/client.ts";
import { runProgram } from "./peers/program.ts";
import { serveDirectory, type ServedDirectory } from "./peers/served.ts";

const content = randomBytes(300_001);

describe("sallyport serve, with the certificate and the account of its state directory", () => {
  let served: ServedDirectory;
  let directory: string;
  before(async () => {
    served = await serveDirectory();
    directory = await mkdtemp(join(tmpdir(), "sallyport-client-"));
    await mkdir(join(served.root, "papers"));
    await writeFile(join(served.root, "papers/remote.bin"), content);
  });
  after(async () => {
    await served[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  for (const client of [curl, lftp]) {
    for (const mode of ["explicit", "implicit"] as const) {
      test(`${client.name} ${mode} lists, gets and puts`, { skip: needs(...client.needs) }, async () => {
        const port = mode === "explicit" ? served.explicitPort : served.implicitPort;
        const task = { mode, port, host: "localhost", user: "alice", password: "secret", folder: "papers" };
        const run = (operation: Operation, names: Pick<Task, "remote" | "local">) =>
          client.operations[operation]?.({
            ...task,
            ...names,
            operation,
            presentBytes: 0,
            caFile: served.caFile,
            directory,
          });
        const local = join(directory, `${client.name}-${mode}`);
        const listed = await run("list", { remote: "remote.bin", local });
        assert.deepEqual([listed?.code, listed?.stderr], [0, ""]);
        assert.match(listed?.stdout ?? "", /remote\.bin/);
        assert.equal((await run("get", { remote: "remote.bin", local }))?.code, 0);
        assert.ok(content.equals(await readFile(local)));
        assert.equal((await run("put", { remote: `from-${client.name}-${mode}`, local }))?.code, 0);
        assert.ok(content.equals(await readFile(join(served.root, `papers/from-${client.name}-${mode}`))));
      });
    }
  }

  test("curl refuses the server without its authority, and another name", { skip: needs("curl") }, async () => {
    const attempt = (url: string, words: readonly string[]) =>
      runProgram("curl", ["-sS", "--ssl-reqd", "-u", "alice:secret", ...words, url], { directory });
    const { explicitPort, implicitPort, caFile } = served;
    assert.equal((await attempt(`ftp://localhost:${explicitPort}/`, [])).code, 60);
    assert.equal((await attempt(`ftps://localhost:${implicitPort}/`, [])).code, 60);
    const elsewhere = ["--cacert", caFile, "--resolve", `other.test:${implicitPort}:127.0.0.1`];
    assert.equal((await attempt(`ftps://other.test:${implicitPort}/`, elsewhere)).code, 60);
  });

  test(
    "curl that speaks no newer TLS than 1.2 gets it, and resumes it on one data connection after the other",
    {
      skip: needs("curl"),
    },
    async () => {
      const words = ["-sS", "-v", "--tls-max", "1.2", "--cacert", served.caFile, "-u", "alice:secret"];
      const url = `ftps://localhost:${served.implicitPort}/papers/remote.bin`;
      const locals = ["old-1", "old-2", "old-3"].map((name) => join(directory, name));
      const { code, stderr } = await runProgram("curl", [...words, ...locals.flatMap((local) => [url, "-o", local])], {
        directory,
      });
      assert.equal(code, 0, stderr);
      assert.match(stderr, /SSL connection using TLSv1\.2/);
      assert.equal(stderr.match(/SSL reusing session ID|SSL re-using session ID/g)?.length, locals.length);
      for (const local of locals) assert.ok(content.equals(await readFile(local)));
    },
  );
});
