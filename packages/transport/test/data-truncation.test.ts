import type { ByteSink, ReceiveResult } from "@sallyport/transport";
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type DataPeer, openDataConnection, paths, tlsVersions } from "./data-peer.ts";

const content = randomBytes(3_000_000);

/** A sink that remembers, at the pace of a file or as fast as it goes. */
function memory(pace: "fast" | "slow"): ByteSink & { readonly octets: Buffer; writtenBytes: number } {
  const sink = {
    octets: Buffer.alloc(content.length),
    writtenBytes: 0,
    write(buffer: Uint8Array, position: number): undefined | Promise<void> {
      sink.octets.set(buffer, position);
      sink.writtenBytes += buffer.length;
      return pace === "fast" ? undefined : sleep(3);
    },
  };
  return sink;
}

type Outcome = ReceiveResult | { readonly code: string };

/** Receives what a peer sends and how it ends, and checks that what was written is what was sent, as far as it goes. */
async function upload(
  level: "C" | "P",
  path: string,
  pace: "fast" | "slow",
  send: (peer: DataPeer) => Promise<void>,
  version: (typeof tlsVersions)[number] = "TLSv1.3",
): Promise<Outcome> {
  const { connection, peer } = await openDataConnection({ level, hooks: paths[path] });
  if (level === "P") peer.startTls({ minVersion: version, maxVersion: version });
  const secured = level === "P" ? peer.secured() : undefined;
  connection.begin({ direction: "receive", level });
  await connection.ready();
  await secured;
  const sink = memory(pace);
  const receiving = connection.receiveInto(sink, 0).catch((error: { code: string }): Outcome => ({ code: error.code }));
  await send(peer);
  const outcome = await receiving;
  assert.ok(sink.octets.subarray(0, sink.writtenBytes).equals(content.subarray(0, sink.writtenBytes)));
  if ("bytes" in outcome) assert.equal(sink.writtenBytes, outcome.bytes);
  connection.destroy();
  return outcome;
}

for (const version of tlsVersions) {
  for (const path of Object.keys(paths)) {
    test(`S-11 R-TLS-20 an upload cut by FIN is never taken for whole, ${version}, ${path}`, async () => {
      for (let round = 0; round < 12; round++) {
        const length = round === 0 ? 0 : randomInt(content.length);
        const pace = round % 2 === 0 ? "fast" : "slow";
        const cutByFin = async (peer: DataPeer) => {
          await peer.send(content.subarray(0, length));
          peer.fin();
        };
        const outcome = await upload("P", path, pace, cutByFin, version);
        assert.deepEqual(outcome, { bytes: length, end: "fin-without-close-notify" }, `${length} octets, ${pace}`);
      }
    });

    test(`S-11 R-TLS-20 an upload cut inside a record is never taken for whole, ${version}, ${path}`, async () => {
      for (let round = 0; round < 6; round++) {
        const length = randomInt(100_000);
        const cutInRecord = async (peer: DataPeer) => {
          await peer.send(content.subarray(0, length));
          // The beginning of a record such as the close_notify's, which nobody can forge to its end.
          peer.tcp.write(Uint8Array.of(23, 3, 3, 0, 19, ...randomBytes(randomInt(18))));
          peer.fin();
        };
        const outcome = await upload("P", path, "fast", cutInRecord, version);
        assert.deepEqual(outcome, { bytes: length, end: "fin-without-close-notify" });
      }
    });

    test(`S-33 a forged record fails the upload, ${version}, ${path}`, async () => {
      for (const forged of [
        Uint8Array.of(21, 3, 3, 0, 2, 1, 0), // close_notify in clear
        Uint8Array.of(23, 3, 3, 0, 19, ...randomBytes(19)),
        Uint8Array.of(21, 3, 3, 0, 26, ...randomBytes(26)),
        Buffer.from("QUIT\r\n"),
      ]) {
        const forge = async (peer: DataPeer) => {
          await peer.send(content.subarray(0, 50_000));
          peer.tcp.write(forged);
          peer.fin();
        };
        const outcome = await upload("P", path, "fast", forge, version);
        if ("end" in outcome) assert.equal(outcome.end, "fin-without-close-notify", String(forged));
        else assert.match(outcome.code, /^SALLYPORT_DATA_(TLS_BROKEN|RESET|CLOSED)$/);
      }
    });

    test(`S-11 an upload cut by RST is an error, ${version}, ${path}`, async () => {
      for (let round = 0; round < 8; round++) {
        const length = randomInt(content.length);
        const pace = round % 2 === 0 ? "fast" : "slow";
        const cutByRst = async (peer: DataPeer) => {
          await peer.send(content.subarray(0, length));
          peer.reset();
        };
        assert.deepEqual(await upload("P", path, pace, cutByRst, version), { code: "SALLYPORT_DATA_RESET" });
      }
    });

    test(`R-TLS-20 a close_notify counts however TCP ends behind it, ${version}, ${path}`, async () => {
      const endings: ((peer: DataPeer) => void)[] = [
        (peer) => peer.fin(),
        () => {}, // nothing at all: TLS has ended
        (peer) => {
          peer.tcp.write("octets behind the end are nobody's");
          peer.fin();
        },
      ];
      for (const [turn, ending] of endings.entries()) {
        for (const pace of ["fast", "slow"] as const) {
          const length = randomInt(content.length);
          const endWell = async (peer: DataPeer) => {
            await peer.send(content.subarray(0, length));
            await peer.closeNotify();
            ending(peer);
          };
          const outcome = await upload("P", path, pace, endWell, version);
          assert.deepEqual(outcome, { bytes: length, end: "close-notify" }, `ending ${turn}, ${pace}`);
        }
      }
    });
  }
}

for (const path of ["hooked", "public"]) {
  test(`S-11 in clear a FIN is an end and a RST is an error, ${path}`, async () => {
    for (let round = 0; round < 12; round++) {
      const length = randomInt(content.length);
      const pace = round % 2 === 0 ? "fast" : "slow";
      const end = round % 3 === 0 ? "reset" : "fin";
      const send = async (peer: DataPeer) => {
        await peer.send(content.subarray(0, length));
        peer[end]();
      };
      const expected = end === "fin" ? { bytes: length, end } : { code: "SALLYPORT_DATA_RESET" };
      assert.deepEqual(await upload("C", path, pace, send), expected);
    }
  });
}

test("S-11 a download that fails never ends with close_notify or, in clear, with a FIN", async () => {
  for (const level of ["C", "P"] as const) {
    const { connection, peer } = await openDataConnection({ level });
    if (level === "P") peer.startTls();
    connection.begin({ direction: "send", level });
    await connection.ready();
    const broken = { sizeBytes: 3_000_000, read: (buffer: Uint8Array, at: number) => readUntil(500_000, buffer, at) };
    await assert.rejects(connection.sendFrom(broken, 0, undefined), /disk/);
    await connection[Symbol.asyncDispose]();
    await peer.receivedAll();
    assert.equal(peer.sawCloseNotify, false, level);
    assert.ok(peer.error && "code" in peer.error && peer.error.code === "ECONNRESET", level);
  }
});

function readUntil(limit: number, buffer: Uint8Array, position: number): number {
  if (position >= limit) throw new Error("disk error");
  return Math.min(buffer.length, limit - position);
}
