import { type ClientHello, TlsError } from "@sallyport/protocol";
import type { Socket } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { watchCloseNotify } from "./close-notify-hook.ts";
import { ServerTlsSocket } from "./server-tls-socket.ts";
import type { ControlTlsBinding, DataUsage } from "./tls-binding.ts";
import { readFrom, TlsDuplex } from "./tls-duplex.ts";

/** TLS on a data connection, whose handshake may be under way. */
export interface DataTls {
  readonly socket: TLSSocket;
  /** How the incoming half ended: undefined while it has not. */
  ending(): "close-notify" | "fin-without-close-notify" | undefined;
}

/**
 * Which way TLS takes to its TCP connection: `native`, below JavaScript, which cannot tell how the peer ended;
 * `watched`, native too, with the ending told by a hook; `layered`, through a Duplex that withholds the FIN.
 *
 * Receiving costs the same on the last two (1.27 and 1.29 CPU-s/GiB, TLS 1.3, medians of 7 runs in turn). But a client
 * that starts TLS before its command may want a download, and sending through the Duplex costs 1.81 instead of 0.73.
 */
export type TlsPath = "native" | "watched" | "layered";

/** Starts TLS as the server, with the ClientHello still to be read from the connection. */
export function startServerTls(
  tcp: Socket,
  path: TlsPath,
  binding: ControlTlsBinding,
  hello: ClientHello,
  usage: DataUsage,
): DataTls {
  const options = binding.dataTlsOptions(hello, usage);
  return startTls(tcp, path, (under) => new ServerTlsSocket(under, options));
}

/** Starts TLS as the client: in transfers between servers, and in our own client. */
export function startClientTls(tcp: Socket, path: TlsPath, options: ConnectionOptions): DataTls {
  return startTls(tcp, path, (under) => connect({ ...options, socket: under }));
}

/** Tells the end of a handshake: that it is done, or how it failed. */
export function handshakeDone(
  socket: TLSSocket,
  isServer: boolean,
  onDone: () => void,
  onFailed: (error: TlsError) => void,
): void {
  let isOver = false;
  const over = (then: () => void): void => {
    if (isOver) return;
    isOver = true;
    then();
  };
  const onEnd = () =>
    over(() => onFailed(handshakeFailed("The peer closed the data connection during the TLS handshake")));
  socket
    .once(isServer ? "secure" : "secureConnect", () => over(onDone))
    .once("error", (cause: Error) => over(() => onFailed(handshakeFailed(explain(cause), cause))))
    .once("end", onEnd)
    .once("close", onEnd);
}

function startTls(tcp: Socket, path: TlsPath, create: (under: Socket | TlsDuplex) => TLSSocket): DataTls {
  if (path === "layered") return startLayered(tcp, create);
  const socket = create(tcp);
  socket.on("error", () => {});
  if (path === "native") return { socket, ending: () => undefined };
  const watch = watchCloseNotify(socket);
  return {
    socket,
    ending: () => {
      if (watch?.ending === "close-notify") return "close-notify";
      return watch?.ending === "bare" ? "fin-without-close-notify" : undefined;
    },
  };
}

function startLayered(tcp: Socket, create: (under: TlsDuplex) => TLSSocket): DataTls {
  const duplex = new TlsDuplex(tcp);
  const socket = create(duplex);
  let ending: ReturnType<DataTls["ending"]>;
  // Over the Duplex a close_notify alone ends TLS, and FIN is what we make an end of here.
  const push = socket.push.bind(socket);
  socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk === null) ending ??= "close-notify";
    return push(chunk, encoding);
  };
  socket.on("error", () => tcp.destroy()).once("finish", () => tcp.end());
  for (let octets: Buffer | null = tcp.read(); octets !== null; octets = tcp.read()) duplex.deliver(octets);
  readFrom(tcp, duplex, () => {
    if (ending) return;
    ending = "fin-without-close-notify";
    push(null);
    socket.read(0);
  });
  tcp.once("error", (error) => socket.destroy(error)).once("close", () => socket.destroy());
  socket.once("close", () => tcp.destroySoon());
  tcp.resume();
  return { socket, ending: () => ending };
}

function handshakeFailed(message: string, cause?: Error): TlsError {
  return new TlsError("SALLYPORT_DATA_HANDSHAKE_FAILED", message, { cause });
}

/** Puts OpenSSL's and Node's error codes into words. */
function explain(cause: Error): string {
  const code = "code" in cause ? String(cause.code) : "";
  const alert = /_ALERT_(?<name>\w+)$/.exec(code)?.groups?.["name"];
  if (alert) return `The peer refused TLS on the data connection (alert ${alert.toLowerCase()})`;
  const isOpenSsl = code === "" || code.startsWith("ERR_");
  const fallback = isOpenSsl ? "TLS on the data connection failed" : "The peer's certificate was not accepted";
  return explanations[code] ?? `${fallback} (${code || cause.message})`;
}

const explanations: Readonly<Record<string, string>> = {
  ECONNRESET: "The peer closed the data connection during the TLS handshake",
  EPIPE: "The peer closed the data connection during the TLS handshake",
  ERR_SSL_NO_SHARED_CIPHER: "The peer and we have no TLS cipher suite in common",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "The peer and we have no TLS version in common",
  ERR_SSL_WRONG_VERSION_NUMBER: "The peer sent something else than TLS on the data connection",
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: "The peer showed no certificate on the data connection",
};
