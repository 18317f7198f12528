import { DataBlockDecoder, encodeBase64, encodeDataBlock } from "@sallyport/protocol";
import { needs, SealedDriver } from "@sallyport/testing";
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { after, before, describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type GssapiRoom, rooms } from "./gssapi-room.ts";

setFlagsFromString("--expose-gc");
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the flag brings
const collect = runInNewContext("gc") as () => void;

const sizeBytes = 1_073_741_824;
const pieceBytes = 262_144;

for (const { name, needs: wanted, open } of rooms) {
  describe(`Kerberos at length, with ${name}`, { skip: needs(...wanted) }, () => {
    let room: GssapiRoom;
    before(async () => {
      room = await open();
    });
    after(() => room[Symbol.asyncDispose]());
    const inRoot = (file: string): string => join(room.server.directory, file);

    for (const level of ["S", "P"] as const) {
      it(`R-GSS-05 1 GiB up and down under PROT ${level}, octet for octet`, { timeout: 300_000 }, async () => {
        await using client = await SealedDriver.logIn(await room.server.greeted(), room.client, { level });
        const sent = await upload(client, level === "P");
        assert.equal(await digestOf(createReadStream(inRoot("large"))), sent);
        assert.equal(await download(client), sent);
      });
    }

    it("logins, refusals and junk by the hundred leave no memory behind", { timeout: 120_000 }, async () => {
      const rounds = async (count: number): Promise<void> => {
        for (let round = 0; round < count; round++) {
          await using junk = await room.server.greeted();
          await junk.expect("AUTH GSSAPI", 334);
          await junk.expect(`ADAT ${encodeBase64(randomBytes(90_000))}`, 535);
          await using client = await SealedDriver.logIn(await room.server.greeted(), room.client);
          await client.open(await client.driver.command(`MIC ${encodeBase64(randomBytes(60_000))}`));
          await client.store("STOR small", randomBytes(1000), { change: ([block]) => [block ?? new Uint8Array()] });
          await client.command("QUIT");
        }
      };
      await rounds(100);
      const usedBefore = usedBytes();
      await rounds(300);
      const grownBytes = usedBytes() - usedBefore;
      assert.ok(grownBytes < 16_777_216, `${grownBytes} octets more`);
    });
  });
}

async function upload(client: SealedDriver, confidential: boolean): Promise<string> {
  const data = await client.openPassive();
  data.resume();
  await client.expect("STOR large", 150);
  const hash = createHash("sha256");
  for (let at = 0; at < sizeBytes; at += pieceBytes) {
    const octets = randomBytes(pieceBytes);
    hash.update(octets);
    const block = encodeDataBlock(await client.context.wrap(octets, confidential));
    if (!data.write(block)) await once(data, "drain");
  }
  data.end(encodeDataBlock(await client.context.wrap(new Uint8Array(), confidential)));
  assert.equal((await client.reply()).code, 226);
  return hash.digest("hex");
}

async function download(client: SealedDriver): Promise<string> {
  const data = await client.openPassive();
  await client.expect("RETR large", 150);
  const decoder = new DataBlockDecoder(1_048_576);
  const hash = createHash("sha256");
  let last = -1;
  for await (const chunk of data) {
    for (const event of decoder.push(chunk as Buffer)) {
      assert.ok(event.kind === "token");
      const { octets } = await client.context.unwrap(event.token);
      hash.update(octets);
      last = octets.length;
    }
  }
  assert.equal(last, 0, "the empty block is the last one");
  assert.equal((await client.reply()).code, 226);
  return hash.digest("hex");
}

async function digestOf(stream: Readable): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

function usedBytes(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
