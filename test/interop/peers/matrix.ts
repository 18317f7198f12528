import { needs, type TestServer } from "@sallyport/testing";
import type { ServerEvent } from "@sallyport/server";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type Operation, operationsOf, type StockClient, type Task } from "./client.ts";
import type { Outcome } from "./program.ts";
import { type Variant, VariantServers } from "./servers.ts";
import { Stage } from "./stage.ts";

/** Everything that a client can do, once over TLS 1.3 and IPv4, and a slice of it over TLS 1.2 and over IPv6. */
export function quickMatrix(client: StockClient): void {
  matrix(client, quickCells(client), 1);
}

/** Everything that a client can do in every mode, TLS version and address family; uploads twelve times. */
export function fullMatrix(client: StockClient): void {
  matrix(client, fullCells(client), 12);
}

/** A variant and what is done there. */
interface Cell {
  readonly variant: Variant;
  readonly operations: readonly Operation[];
}

const content = randomBytes(300_001);
// aria2 resumes at a multiple of 16 KiB.
const beginning = content.subarray(0, 98_304);

function matrix(client: StockClient, cells: readonly Cell[], uploadRuns: number): void {
  describe(client.name, { skip: needs(...client.needs) }, () => {
    const servers = new VariantServers(client);
    after(() => servers[Symbol.asyncDispose]());
    for (const { variant, operations } of cells) {
      const name = [client.name, variant.mode, variant.tlsVersion, variant.address].filter((part) => part).join(" ");
      const skip = variant.address === "::1" ? needs("ipv6") : false;
      if (variant.tlsVersion === "TLSv1.2" && client.lacksTls12 === true) {
        test(`${name}: refused`, { skip }, async () => isRefused(client, variant, await servers.get(variant)));
        continue;
      }
      for (const operation of operations) {
        test(`${name}: ${operation}`, { skip }, async () => {
          const runs = operation.endsWith("put") ? uploadRuns : 1;
          for (let run = 0; run < runs; run++) await perform(client, operation, variant, await servers.get(variant));
        });
      }
    }
  });
}

function quickCells(client: StockClient): readonly Cell[] {
  const last = client.modes.at(-1) ?? "plain";
  return [
    ...client.modes.map((mode) => cellOf(client, variantOf(mode, "TLSv1.3", "127.0.0.1"), /./)),
    ...client.modes
      .filter((mode) => mode !== "plain")
      .map((mode) => cellOf(client, variantOf(mode, "TLSv1.2", "127.0.0.1"), /^(?:list|get|put)$/)),
    ...(client.hasIpv6 ? [cellOf(client, variantOf(last, "TLSv1.3", "::1"), /^(?!resume)/)] : []),
  ];
}

function fullCells(client: StockClient): readonly Cell[] {
  const addresses = client.hasIpv6 ? (["127.0.0.1", "::1"] as const) : (["127.0.0.1"] as const);
  return client.modes.flatMap((mode) =>
    (mode === "plain" ? (["TLSv1.3"] as const) : (["TLSv1.2", "TLSv1.3"] as const)).flatMap((version) =>
      addresses.map((address) => cellOf(client, variantOf(mode, version, address), /./)),
    ),
  );
}

function cellOf(client: StockClient, variant: Variant, wanted: RegExp): Cell {
  const operations = operationsOf(client, variant.mode, variant.address);
  return { variant, operations: operations.filter((operation) => wanted.test(operation)) };
}

function variantOf(
  mode: Variant["mode"],
  tlsVersion: NonNullable<Variant["tlsVersion"]>,
  address: Variant["address"],
): Variant {
  return mode === "plain" ? { mode, address } : { mode, tlsVersion, address };
}

async function perform(
  { operations }: StockClient,
  operation: Operation,
  variant: Variant,
  server: TestServer,
): Promise<void> {
  const act = operations[operation];
  assert.ok(act);
  await using stage = await Stage.set(operation, variant, server, beginning.length);
  const { prepare, verify } = steps[operation];
  await prepare(stage.task, stage.remoteFile);
  await stage.play(act, async (outcome) => {
    assert.equal(outcome.code, 0, "the exit code");
    await verify(stage.task, stage.remoteFile, outcome);
    verifyEvents(stage.events, operation, variant);
  });
}

/** TLS 1.2 without extended master secret is refused, and the log says why (RFC 7627). */
async function isRefused({ operations }: StockClient, variant: Variant, server: TestServer): Promise<void> {
  assert.ok(operations.get);
  await using stage = await Stage.set("get", variant, server);
  await stage.play(operations.get, async (outcome) => {
    assert.notEqual(outcome.code, 0, "the exit code");
    const failed = stage.events.find((event) => event.kind === "tls-failed");
    assert.match(failed?.cause ?? "", /extended master secret/);
  });
}

interface Steps {
  prepare(task: Task, remoteFile: string): Promise<void>;
  verify(task: Task, remoteFile: string, outcome: Outcome): Promise<void>;
}

const get: Steps = {
  prepare: (_task, remoteFile) => writeFile(remoteFile, content),
  verify: async ({ local }) => same(await readFile(local), "what was downloaded"),
};

const put: Steps = {
  prepare: ({ local }) => writeFile(local, content),
  verify: async (_task, remoteFile) => same(await readFile(remoteFile), "what was uploaded"),
};

const steps: Record<Operation, Steps> = {
  list: {
    prepare: async (_task, remoteFile) => {
      await writeFile(remoteFile, content);
      await writeFile(join(remoteFile, "../two words.txt"), "two words");
    },
    verify: async (_task, _remoteFile, { stdout }) => {
      assert.match(stdout, /remote\.bin/);
      // wget writes HTML.
      assert.match(stdout, /two(?: |&#32;)words\.txt/);
    },
  },
  get,
  put,
  "resume get": {
    prepare: async (task, remoteFile) => {
      await get.prepare(task, remoteFile);
      await writeFile(task.local, beginning);
    },
    verify: get.verify,
  },
  "resume put": {
    prepare: async (task, remoteFile) => {
      await put.prepare(task, remoteFile);
      await writeFile(remoteFile, beginning);
    },
    verify: put.verify,
  },
  "active get": get,
  "active put": put,
};

/** Compares without printing 300,001 octets when they differ. */
function same(received: Buffer, what: string): void {
  assert.equal(received.length, content.length, `octets in ${what}`);
  assert.ok(received.equals(content), `${what} has the right length and wrong octets`);
}

/** The server's own account of the transfer: mode, protection, version, octets, direction of the data connection. */
function verifyEvents(events: readonly ServerEvent[], operation: Operation, { mode, tlsVersion }: Variant): void {
  const wrong = events.filter(({ kind }) => kind === "internal-error" || kind === "attack-suspected");
  assert.deepEqual(wrong, []);
  const opened = events.find((event) => event.kind === "connection-opened");
  assert.equal(opened?.tlsMode, mode === "implicit" ? "implicit" : "explicit");
  const direction = operation === "list" ? "listing" : operation.endsWith("get") ? "download" : "upload";
  const transfers = events.filter((event) => event.kind === "transfer");
  const transfer = transfers.findLast((event) => event.direction === direction);
  assert.ok(transfer, "the server saw no such transfer");
  assert.equal(transfer.complete, true, transfer.cause ?? "the transfer is not complete");
  assert.equal(transfer.dataTls?.protocol, tlsVersion, "TLS of the data connection");
  if (operation.startsWith("resume")) assert.equal(transfer.bytes, content.length - beginning.length, "octets moved");
  const asksActive = events.some((event) => event.kind === "command" && /^(?:PORT|EPRT) /i.test(event.line));
  assert.equal(asksActive, operation.startsWith("active"), "whether PORT or EPRT was sent");
}
