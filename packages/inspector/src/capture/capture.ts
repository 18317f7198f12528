import { limits } from "@sallyport/protocol";
import type { WireObserver } from "@sallyport/transport";
import { pcapngHead, pcapngPacket, pcapngSecrets } from "./pcapng.ts";
import { type Endpoint, type Side, TcpPackets } from "./tcp-packets.ts";

/**
 * What went over several connections, as a file that Wireshark and tshark open, with the keys of TLS in it so that they
 * show it decrypted.
 *
 * Keys of a connection that carried a password, as {@link CapturedConnection.carriedPassword} says, are left out unless
 * they are asked for.
 */
export class Capture {
  readonly #packets: { readonly atMs: number; readonly octets: Buffer }[] = [];
  readonly #connections: CapturedConnection[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = wallClock) {
    this.#nowMs = nowMs;
  }

  /** Begins a connection that has just come about. */
  connection(client: Endpoint, server: Endpoint): CapturedConnection {
    const keep = (octets: Buffer): void => void this.#packets.push({ atMs: this.#nowMs(), octets });
    const connection = new CapturedConnection(new TcpPackets(client, server), keep);
    this.#connections.push(connection);
    return connection;
  }

  /** The capture file so far. */
  pcapng({ includePasswords = false }: { readonly includePasswords?: boolean } = {}): Buffer {
    const told = this.#connections.filter((connection) => includePasswords || !connection.hasPassword);
    const keyLog = told.flatMap(({ keyLog: lines }) => lines).join("");
    return Buffer.concat([
      pcapngHead("Sallyport"),
      ...(keyLog === "" ? [] : [pcapngSecrets(keyLog)]),
      ...this.#packets.map(({ atMs, octets }) => pcapngPacket(atMs, octets)),
    ]);
  }
}

/** One connection of a {@link Capture}; beyond limits.explainedBytes in a direction nothing more is kept. */
export class CapturedConnection implements WireObserver {
  readonly keyLog: string[] = [];
  readonly #tcp: TcpPackets;
  readonly #keep: (octets: Buffer) => void;
  readonly #keptBytes: Record<Side, number> = { client: 0, server: 0 };
  #hasPassword = false;

  constructor(tcp: TcpPackets, keep: (octets: Buffer) => void) {
    this.#tcp = tcp;
    this.#keep = keep;
    tcp.opening().forEach(keep);
  }

  get hasPassword(): boolean {
    return this.#hasPassword;
  }

  /** Takes a line of the key log, as a `keylog` event of Node brings it. */
  learnKey(line: string): void {
    this.keyLog.push(line.endsWith("\n") ? line : `${line}\n`);
  }

  /** PASS, ACCT or ADAT went over it: who has its keys has the password. */
  carriedPassword(): void {
    this.#hasPassword = true;
  }

  received(octets: Uint8Array): void {
    this.#data("server", octets);
  }

  sent(octets: Uint8Array): void {
    this.#data("client", octets);
  }

  peerFinished(): void {
    this.#tcp.end("server").forEach(this.#keep);
  }

  finished(): void {
    this.#tcp.end("client").forEach(this.#keep);
  }

  failed(): void {
    this.#tcp.reset("server").forEach(this.#keep);
  }

  #data(from: Side, octets: Uint8Array): void {
    this.#keptBytes[from] += octets.length;
    if (this.#keptBytes[from] <= limits.explainedBytes.value) this.#tcp.data(from, octets).forEach(this.#keep);
  }
}

function wallClock(): number {
  return performance.timeOrigin + performance.now();
}
