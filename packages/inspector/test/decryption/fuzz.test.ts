import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "node:tls";
import { once } from "node:events";
import fc from "fast-check";
import { dissect, tlsDissection } from "@sallyport/protocol";
import { makeTestIdentity } from "@sallyport/testing";
import { KeyedOpener } from "../../src/decryption/record-opener.ts";
import { startRecordingServer, type RecordedConnection } from "./recording-server.ts";

const identity = makeTestIdentity({ names: ["localhost", "127.0.0.1"] });

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`S-33 whatever becomes of the octets of ${version}, whoever has the keys reads on without an error`, async () => {
    await using server = await startRecordingServer({
      ...{ key: identity.key, cert: identity.certificate, minVersion: version, maxVersion: version },
    });
    const client = connect({ host: "127.0.0.1", port: server.port, rejectUnauthorized: false });
    await once(client, "data");
    client.write("QUIT\r\n");
    await once(client.resume(), "close");
    const [connection] = server.connections;
    assert.ok(connection);
    const damage = fc.record({
      chunk: fc.nat(connection.chunks.length - 1),
      at: fc.nat(4096),
      removed: fc.nat(40),
      inserted: fc.uint8Array({ maxLength: 40 }),
    });
    const check = (damages: readonly Damage[], lines: readonly string[]) => {
      assert.doesNotThrow(() => readAll(damaged(connection, damages), [...lines, ...connection.keyLog]));
    };
    const line = fc.stringMatching(/^[A-Z_0]{1,32} [0-9a-f]{0,64} [0-9a-f]{0,96}$/);
    const inputs = [fc.array(damage, { minLength: 1, maxLength: 4 }), fc.array(line, { maxLength: 2 })] as const;
    fc.assert(fc.property(...inputs, check), { numRuns: 300 });
  });
}

interface Damage {
  readonly chunk: number;
  readonly at: number;
  readonly removed: number;
  readonly inserted: Uint8Array;
}

function damaged({ chunks }: RecordedConnection, damages: readonly Damage[]): RecordedConnection["chunks"] {
  return chunks.map(({ sender, octets }, index) => {
    let changed = octets;
    for (const { at, removed, inserted } of damages.filter(({ chunk }) => chunk === index)) {
      const from = at % (changed.length + 1);
      changed = Buffer.concat([changed.subarray(0, from), inserted, changed.subarray(from + removed)]);
    }
    return { sender, octets: changed };
  });
}

function readAll(chunks: RecordedConnection["chunks"], keyLog: readonly string[]): void {
  const opener = new KeyedOpener();
  for (const line of keyLog) opener.learn(line);
  let state = tlsDissection();
  for (const { sender, octets } of chunks) state = dissect(state, sender, octets, opener.open).dissection;
}
