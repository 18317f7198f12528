import { createSocket } from "node:dgram";
import { once } from "node:events";

/** Types of records (IANA, DNS Parameters). */
const types = { A: 1, PTR: 12, AAAA: 28, SRV: 33, TLSA: 52, HTTPS: 65, CAA: 257 } as const;

/** A record as it is answered: the name and type asked for, and its data as on the wire. */
export interface NameRecord {
  readonly name: string;
  readonly type: keyof typeof types;
  readonly data: Buffer;
}

/** Starts a name server on the loopback (RFC 1035 §4.1) that knows these records, and of everything else nothing. */
export async function startNameServer(
  records: readonly NameRecord[],
): Promise<{ readonly address: string } & AsyncDisposable> {
  const socket = createSocket("udp4");
  socket.on("message", (query, { port, address }) => socket.send(answerTo(query, records), port, address));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    address: `127.0.0.1:${socket.address().port}`,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}

function answerTo(query: Buffer, records: readonly NameRecord[]): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const questionEnd = at + 5;
  const type = query.readUInt16BE(at + 1);
  const name = labels.join(".").toLowerCase();
  const found = records.filter((record) => record.name === name && types[record.type] === type);
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8580, 2);
  header.writeUInt16BE(found.length, 6);
  header.writeUInt32BE(0, 8);
  return Buffer.concat([header, query.subarray(12, questionEnd), ...found.map((record) => answer(type, record.data))]);
}

function answer(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(60, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
