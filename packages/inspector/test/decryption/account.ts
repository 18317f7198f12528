import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  dissect,
  tlsDissection,
  type DissectedMessage,
  type DissectedRecord,
  type TlsSender,
} from "@sallyport/protocol";
import { KeyedOpener } from "../../src/decryption/record-opener.ts";
import type { RecordedConnection } from "./recording-server.ts";

/** What a dissection says of one direction, in numbers that two dissectors can be compared by. */
export interface Account {
  readonly recordLengths: readonly number[];
  readonly handshakeTypes: readonly number[];
  readonly handshakeLengths: readonly number[];
  readonly extensionTypes: readonly number[];
}

export type Accounts = Readonly<Record<TlsSender, Account>>;

/** Our own account of a connection; every octet of it belongs to something that has a meaning, or this throws. */
export function ownAccounts(connection: RecordedConnection): Accounts {
  const opener = new KeyedOpener();
  for (const line of connection.keyLog) opener.learn(line);
  const records: Record<TlsSender, DissectedRecord[]> = { client: [], server: [] };
  const bytes: Record<TlsSender, number> = { client: 0, server: 0 };
  let state = tlsDissection();
  for (const { sender, octets } of connection.chunks) {
    const step = dissect(state, sender, octets, opener.open);
    state = step.dissection;
    records[sender].push(...step.records);
    bytes[sender] += octets.length;
  }
  return { client: accountOf(records.client, bytes.client), server: accountOf(records.server, bytes.server) };
}

function accountOf(records: readonly DissectedRecord[], bytes: number): Account {
  let at = 0;
  for (const { record, content } of records) {
    assert.equal(record.from, at, "a gap between records");
    assert.equal(record.to, record.from + 5 + record.fragment.length);
    at = record.to;
    assert.notEqual(content.kind, "unreadable");
    if (content.kind === "encrypted") {
      assert.ok(content.opened !== undefined, `a record of ${record.fragment.length} octets stays closed`);
      assert.notEqual(content.opened.kind, "unreadable");
    }
  }
  assert.equal(at, bytes, "octets behind the last record");
  const messages = records.flatMap(messagesOf);
  for (const message of messages) {
    const { octets } = message.message;
    assert.equal(octets.length, 4 + (((octets[1] ?? 0) << 16) | ((octets[2] ?? 0) << 8) | (octets[3] ?? 0)));
    if (message.kind === "client-hello") assertWhole(message);
  }
  return {
    recordLengths: records.map(({ record }) => record.fragment.length),
    handshakeTypes: messages.map(({ message }) => message.type),
    handshakeLengths: messages.map(({ message }) => message.octets.length - 4),
    extensionTypes: messages.flatMap((message) =>
      message.kind === "client-hello" ? message.hello.extensions.map(({ type }) => type) : [],
    ),
  };
}

/** The fields of a hello lie one behind the other, from its header to its last octet. */
function assertWhole({ hello, message }: Extract<DissectedMessage, { kind: "client-hello" }>): void {
  const { random, sessionId, cipherSuites, compressionMethods, extensions } = hello;
  assert.deepEqual([random.start, random.end, sessionId.start], [6, 38, 39]);
  const fixed = sessionId.end + 2 + 2 * cipherSuites.length + 1 + compressionMethods.length + 2;
  const last = extensions.reduce((at, { start, end }) => {
    assert.equal(start, at + 4, "a gap between extensions");
    return end;
  }, fixed);
  assert.equal(last, message.octets.length);
}

function messagesOf({ content }: DissectedRecord): readonly DissectedMessage[] {
  if (content.kind === "handshake") return content.messages;
  return content.kind === "encrypted" && content.opened?.kind === "handshake" ? content.opened.messages : [];
}

/** What tshark says of each connection, by the client's port, from the capture with its keys. */
export function tsharkAccounts(file: string, connections: readonly RecordedConnection[]): readonly Accounts[] {
  const decode = connections.flatMap(({ clientPort }) => ["-d", `tcp.port==${clientPort},tls`]);
  const fields = [...frameFields, ...countedFields].flatMap((field) => ["-e", field]);
  const words = ["-n", "-r", file, ...decode, "-2", "-Y", "tls", "-T", "fields", ...fields];
  const said = execFileSync("tshark", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const frames = said.split("\n").map((line) => line.split("\t"));
  const account = (isOf: (frame: readonly string[]) => boolean): Account => {
    const own = frames.filter(isOf);
    const numbers = (at: number) => own.flatMap((frame) => (frame[at] ?? "").split(",").filter(Boolean).map(Number));
    const [recordLengths, types, lengths, extensionTypes] = countedFields.map((_, at) =>
      numbers(frameFields.length + at),
    );
    return {
      recordLengths: recordLengths ?? [],
      handshakeTypes: types ?? [],
      handshakeLengths: lengths ?? [],
      extensionTypes: extensionTypes ?? [],
    };
  };
  return connections.map(({ clientPort }) => ({
    client: account(([from]) => from === String(clientPort)),
    server: { ...account(([, to]) => to === String(clientPort)), extensionTypes: [] },
  }));
}

const frameFields = ["tcp.srcport", "tcp.dstport"] as const;
const countedFields = [
  "tls.record.length",
  "tls.handshake.type",
  "tls.handshake.length",
  "tls.handshake.extension.type",
] as const;
