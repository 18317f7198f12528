import { type ClientOptions, connect, type OnProgress } from "@sallyport/client";
import { needs } from "@sallyport/testing";
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { everyOperation } from "../../packages/client/test/every-operation.ts";
import { type GssapiRoom, rooms } from "./gssapi-room.ts";

const piecesCount = 1024;
const piece = randomBytes(1_048_576);

for (const { name, needs: wanted, open } of rooms) {
  void describe(`our client and our server at length, ${name}`, { skip: needs(...wanted) }, () => {
    let room: GssapiRoom;
    before(async () => {
      room = await open({ listener: { requireTls: "login" } });
    });
    after(() => room[Symbol.asyncDispose]());

    for (const level of ["C", "S", "P"] as const) {
      void test(`R-GSS-05 1 GiB up and down under PROT ${level}, octet for octet`, { timeout: 400_000 }, async () => {
        const gssapi = { mechanism: room.client, host: "localhost" };
        const url = `ftp://alice@127.0.0.1:${room.server.explicitPort}`;
        await using client = await connect(url, { gssapi, dataProtection: level });
        await everyOperation(client, room.server.directory);
        const sent = createHash("sha256");
        async function* content(): AsyncGenerator<Uint8Array> {
          for (let count = 0; count < piecesCount; count++) {
            piece.writeUInt32BE(count);
            sent.update(piece);
            yield Buffer.from(piece);
          }
        }
        await client.write("large", content(), { atomic: false });
        const digest = sent.digest("hex");
        assert.equal(await digestOf(createReadStream(join(room.server.directory, "large"))), digest);
        assert.equal(await digestOf(await client.read("large")), digest);
        await client.remove("large");
      });
    }

    void test("the mechanism's process is killed in the middle of a download: it fails whole, or goes on over another connection", async () => {
      const [remote, local] = [join(room.server.directory, "killed"), join(room.server.directory, "fetched")];
      const content = Buffer.concat(Array.from({ length: 64 }, (_, at) => piece.with(0, at)));
      await writeFile(remote, content);
      const downloadKilled = async (options: ClientOptions): Promise<void> => {
        const gssapi = { mechanism: room.client, host: "localhost" };
        const url = `ftp://alice@127.0.0.1:${room.server.explicitPort}`;
        await using client = await connect(url, { gssapi, ...options });
        let isKilled = false;
        const onProgress: OnProgress = ({ bytes }) => {
          if (isKilled || bytes < content.length / 8 || bytes >= content.length) return;
          isKilled = true;
          room.die();
        };
        try {
          await client.download("killed", local, { onProgress });
        } finally {
          assert.ok(isKilled);
        }
      };
      await assert.rejects(downloadKilled({ retry: { attempts: 0 } }), {
        code: "SALLYPORT_REPLY_UNPROTECTED",
        message: /by 421 outside its protection: its Kerberos is gone/,
      });
      assert.ok(!existsSync(local), "what is not whole does not have the name");
      await downloadKilled({});
      assert.ok(content.equals(await readFile(local)));
    });
  });
}

async function digestOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}
