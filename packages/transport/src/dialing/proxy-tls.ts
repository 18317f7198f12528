import { TlsError } from "@sallyport/protocol";
import { isIP, type Socket } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { defaultAuthorities } from "../client-tls/authorities.ts";
import { whileDialling } from "./dial-wait.ts";
import type { DialOptions } from "./dialer.ts";
import type { ProxyHandshake } from "./proxy-handshake.ts";

/** Makes a TLS handshake with a proxy, whose certificate is always verified. */
export async function secureProxy(
  tcp: Socket,
  { proxy, proxyText }: ProxyHandshake,
  options: ConnectionOptions,
  dial: DialOptions,
): Promise<TLSSocket> {
  const ca = options.ca ?? (await defaultAuthorities());
  return whileDialling<TLSSocket>(dial, proxyText, (resolve, reject) => {
    const socket = connect({
      host: proxy.host,
      ...(isIP(proxy.host) === 0 && { servername: proxy.host }),
      ALPNProtocols: ["http/1.1"],
      minVersion: "TLSv1.2",
      ...options,
      ca,
      allowHalfOpen: true,
      socket: tcp,
    } as ConnectionOptions);
    const failed = (why: string, cause?: Error): void =>
      reject(
        new TlsError("SALLYPORT_PROXY_TLS_FAILED", `TLS with ${proxyText.replace("The", "the")} ${why}`, { cause }),
      );
    socket
      .pause()
      .once("secureConnect", () => resolve(socket))
      .on("error", (cause: Error) => failed(`failed: ${cause.message}`, cause))
      .once("end", () => failed("failed: it closed the connection"))
      .once("close", () => failed("failed: it closed the connection"));
    return () => {
      socket.destroy();
      tcp.destroy();
    };
  });
}
