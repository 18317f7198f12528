import { needs, type TestServer } from "@sallyport/testing";
import type { ServerEvent } from "@sallyport/server";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { StockClient, Task } from "./client.ts";
import type { Outcome, RunningProgram } from "./program.ts";
import { VariantServers } from "./servers.ts";
import { Stage } from "./stage.ts";

/** A way in which an upload ends in its middle. */
export interface Cut {
  readonly name: string;
  /** Starts an upload that takes seconds. */
  readonly start: (task: Task) => RunningProgram;
  /** Cuts it once octets have arrived; absent where the client gives up by itself. */
  readonly cut?: (program: RunningProgram) => void;
}

/**
 * Cuts uploads in the middle, in every mode of a client. A new name must not appear before the same client has
 * continued and ended the upload, sending only the rest; an existing file must stay as it was.
 */
export function cutUploads(client: StockClient, cuts: readonly Cut[]): void {
  describe(`${client.name}, cut`, { skip: needs(...client.needs) }, () => {
    const servers = new VariantServers(client);
    after(() => servers[Symbol.asyncDispose]());
    for (const mode of client.modes) {
      for (const cut of cuts) {
        const variant = { mode, tlsVersion: "TLSv1.3", address: "127.0.0.1" } as const;
        test(`${client.name} ${mode}: an upload ${cut.name} and continued`, async () => {
          const server = await servers.get(variant);
          await using stage = await Stage.set("resume put", variant, server);
          await isContinued(client, cut, stage, server);
        });
        test(`${client.name} ${mode}: an upload over a file ${cut.name}`, async () => {
          const server = await servers.get(variant);
          await using stage = await Stage.set("put", variant, server);
          await writeFile(stage.remoteFile, "as it was");
          await play(cut, stage, server);
          assert.equal(await readFile(stage.remoteFile, "utf8"), "as it was");
        });
      }
    }
  });
}

/** At the clients' 3 MiB a second two seconds of upload. */
const content = randomBytes(6 * 1024 * 1024);
const enoughBytes = 512 * 1024;
const arrivalMs = 15_000;

async function isContinued(client: StockClient, cut: Cut, stage: Stage, server: TestServer): Promise<void> {
  const resume = client.operations["resume put"];
  assert.ok(resume);
  await play(cut, stage, server);
  await assert.rejects(stat(stage.remoteFile), { code: "ENOENT" });
  await stage.play(resume, async (outcome) => {
    assert.equal(outcome.code, 0, "the exit code");
    const stored = await readFile(stage.remoteFile);
    assert.equal(stored.length, content.length);
    assert.ok(stored.equals(content), "the file has the right length and wrong octets");
    const [first, second] = uploads(stage);
    assert.equal(second?.complete, true);
    assert.ok(second.bytes < content.length, "the whole file was sent again");
    assert.ok(first !== undefined && first.bytes + second.bytes >= content.length);
  });
}

async function play(cut: Cut, stage: Stage, server: TestServer): Promise<void> {
  await writeFile(stage.task.local, content);
  const before = await octetsUnder(server.directory);
  await stage.play(
    async (task): Promise<Outcome> => {
      await using program = cut.start(task);
      const deadline = Date.now() + arrivalMs;
      while ((await octetsUnder(server.directory)) < before + enoughBytes) {
        assert.ok(Date.now() < deadline, `too little arrived: ${program.output}`);
        await sleep(20);
      }
      cut.cut?.(program);
      return await program.ended;
    },
    async ({ code }) => {
      assert.notEqual(code, 0, "the client ended well");
      // The connection's end is told at once, the transfer's when its file is put away.
      for (const end = Date.now() + arrivalMs; uploads(stage).length === 0 && Date.now() < end;) await sleep(5);
      const [upload] = uploads(stage);
      assert.equal(upload?.complete, false);
      assert.ok(upload.bytes > 0 && upload.bytes < content.length);
    },
  );
}

function uploads(stage: Stage): readonly Extract<ServerEvent, { kind: "transfer" }>[] {
  return stage.events.filter((event) => event.kind === "transfer").filter(({ direction }) => direction === "upload");
}

/** What files hold, published or not. */
async function octetsUnder(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
