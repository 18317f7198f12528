import { TransportError } from "@sallyport/protocol";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { whileDialling } from "./dial-wait.ts";
import type { DialOptions } from "./dialer.ts";
import type { ProxyHandshake } from "./proxy-handshake.ts";

/**
 * Asks a SOCKS proxy for a connection (RFC 1928, RFC 1929; SOCKS 4A by its custom) over a connection to it. What follows
 * its answer stays to be read; the connection is paused again.
 */
export async function connectThroughSocks(tcp: Socket, handshake: ProxyHandshake, options: DialOptions): Promise<void> {
  const { SocksClient } = await import("socks");
  const { proxy, target } = handshake;
  const pipe = new OctetPipe(tcp);
  await whileDialling<void>(options, handshake.proxyText, (resolve, reject) => {
    const state = { isOver: false };
    const onOctets = (octets: Buffer): void => {
      let at = 0;
      while (at < octets.length && !state.isOver) pipe.emit("data", octets.subarray(at, ++at));
      if (!state.isOver) return;
      stop();
      if (at < octets.length && !tcp.destroyed) tcp.unshift(octets.subarray(at));
    };
    const onGone = (): void => void pipe.destroy();
    const stop = (): void => void tcp.off("data", onOctets).off("end", onGone).off("close", onGone).pause();
    const client = new SocksClient({
      command: "connect",
      proxy: {
        host: proxy.host,
        port: proxy.port,
        type: proxy.scheme.startsWith("socks5") ? 5 : 4,
        userId: proxy.username,
        password: proxy.password,
      },
      destination: target,
      // Ours is the shorter one; the library's own would outlive it.
      timeout: options.timeoutMs + 1,
    });
    client.once("established", () => {
      state.isOver = true;
      resolve();
    });
    client.once("error", (error) => {
      state.isOver = true;
      reject(refusal(handshake, error.message));
    });
    tcp.on("data", onOctets).once("end", onGone).once("close", onGone);
    client.connect(pipe);
    tcp.resume();
    return () => {
      state.isOver = true;
      stop();
      pipe.destroy();
      tcp.destroy();
    };
  });
}

/**
 * What the library takes for its connection. It is fed one octet at a time, so that it never reads past the proxy's
 * answer: what it has read too much it emits before anybody can listen.
 */
class OctetPipe extends Duplex {
  readonly #tcp: Socket;

  constructor(tcp: Socket) {
    super();
    this.#tcp = tcp;
    this.on("error", () => {});
  }

  override _read(): void {}

  override _write(octets: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#tcp.write(octets, done);
  }
}

/** Puts the library's words into ours. Its errors are no causes: they hold the password. */
function refusal({ proxy, proxyText, targetText }: ProxyHandshake, words: string): TransportError {
  if (/no accepted authentication|unknown authentication|Authentication failed/.test(words)) {
    const given = proxy.username !== "";
    const message = `${proxyText} ${given ? "refuses this user and password" : "wants a user and password"}`;
    return new TransportError("SALLYPORT_PROXY_AUTH", message);
  }
  if (/rejected connection/.test(words)) {
    const reason = /\b(?<name>[A-Z]\w+)\)?$/.exec(words)?.groups?.["name"] ?? "";
    const why = socksReasons[reason] ?? "it gives no reason";
    return new TransportError("SALLYPORT_PROXY_REFUSED", `${proxyText} does not connect to ${targetText}: ${why}`);
  }
  const what = words.includes("closed") ? "closed the connection" : "speaks something else than SOCKS";
  return new TransportError("SALLYPORT_PROXY_FAILED", `${proxyText} ${what}`);
}

/** The names that the library gives to the reply codes of RFC 1928 §6 and of SOCKS 4. */
const socksReasons: Readonly<Record<string, string>> = {
  Failure: "a general failure",
  NotAllowed: "its rules forbid it",
  NetworkUnreachable: "the network is unreachable",
  HostUnreachable: "the host is unreachable",
  ConnectionRefused: "the connection was refused",
  TTLExpired: "the packets' time to live ran out",
  CommandNotSupported: "it does not make connections",
  AddressNotSupported: "it does not know this kind of address",
  Failed: "it was refused or failed",
  Rejected: "it was refused or failed",
  RejectedIdent: "it does not accept this user",
};
