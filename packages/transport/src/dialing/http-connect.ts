import { limits, TransportError } from "@sallyport/protocol";
import type { Socket } from "node:net";
import { isIPv6 } from "node:net";
import { whileDialling } from "./dial-wait.ts";
import type { DialOptions } from "./dialer.ts";
import type { ProxyHandshake } from "./proxy-handshake.ts";

/**
 * Asks an HTTP proxy for a tunnel (RFC 9110 §9.3.6) over a connection to it. What follows the head of its answer stays to
 * be read; the connection is paused again.
 */
export async function connectThroughHttp(tcp: Socket, handshake: ProxyHandshake, options: DialOptions): Promise<void> {
  await whileDialling<void>(options, handshake.proxyText, (resolve, reject) => {
    let head: Buffer = Buffer.alloc(0);
    const stop = (): void => void tcp.off("data", onOctets).off("end", onGone).off("close", onGone).pause();
    const onGone = (): void => reject(proxyFailed(handshake, "closed the connection instead of answering"));
    const onOctets = (octets: Buffer): void => {
      head = Buffer.concat([head, octets]);
      const end = headEnd(head);
      if (end === undefined && head.length <= limits.proxyAnswerBytes.value && mayBeHttp(head)) return;
      stop();
      if (end === undefined) return reject(proxyFailed(handshake, "answers with something else than HTTP"));
      const refusal = judgeHead(head.toString("latin1", 0, end), handshake);
      if (refusal) return reject(refusal);
      if (head.length > end) tcp.unshift(head.subarray(end));
      resolve();
    };
    tcp.on("data", onOctets).once("end", onGone).once("close", onGone);
    tcp.write(request(handshake), "latin1");
    tcp.resume();
    return () => {
      stop();
      tcp.destroy();
    };
  });
}

function request({ proxy, target }: ProxyHandshake): string {
  const authority = `${isIPv6(target.host) ? `[${target.host}]` : target.host}:${target.port}`;
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
  if (proxy.username !== "" || proxy.password !== "") {
    const credentials = Buffer.from(`${proxy.username}:${proxy.password}`).toString("base64");
    lines.push(`Proxy-Authorization: Basic ${credentials}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** Where the head ends; bare LF is taken as well (RFC 9112 §2.2). */
function headEnd(octets: Buffer): number | undefined {
  const found = /\r?\n\r?\n/.exec(octets.toString("latin1", 0, limits.proxyAnswerBytes.value));
  return found ? found.index + found[0].length : undefined;
}

function mayBeHttp(octets: Buffer): boolean {
  const start = octets.toString("latin1", 0, httpVersion.length);
  return httpVersion.startsWith(start);
}

const httpVersion = "HTTP/1.";

function judgeHead(head: string, handshake: ProxyHandshake): TransportError | undefined {
  const { proxyText, targetText } = handshake;
  const match = /^HTTP\/1\.\d (?<status>\d{3})(?: (?<reason>[^\r\n]*))?\r?\n/.exec(head);
  const status = Number(match?.groups?.["status"]);
  if (!match) return proxyFailed(handshake, "answers with something else than HTTP");
  if (status >= 200 && status < 300) return undefined;
  const given = handshake.proxy.username !== "";
  // tinyproxy 1.11 answers 401 to a wrong login, and 407 to none.
  if (status === 407 || (status === 401 && given)) {
    const message = `${proxyText} ${given ? "refuses this user and password" : "wants a user and password"}`;
    return new TransportError("SALLYPORT_PROXY_AUTH", message);
  }
  const reason = (match.groups?.["reason"] ?? "").replace(/[^ -~]/g, "").slice(0, 80);
  const message = `${proxyText} refuses a tunnel to ${targetText}: ${status} ${reason}`.trimEnd();
  return new TransportError("SALLYPORT_PROXY_REFUSED", message);
}

function proxyFailed({ proxyText }: ProxyHandshake, what: string): TransportError {
  return new TransportError("SALLYPORT_PROXY_FAILED", `${proxyText} ${what}`);
}
