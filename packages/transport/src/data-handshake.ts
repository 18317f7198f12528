import { type ClientHello, isSallyportError, type LimitValues, parseClientHello, TlsError } from "@sallyport/protocol";
import type { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { fatalAlertRecord, refuseFailure } from "./client-hello-verdict.ts";
import type { DataFacts, DataTlsFacts } from "./data-facts.ts";
import { type DataTls, handshakeDone, startClientTls, startServerTls, type TlsPath } from "./data-tls.ts";
import { openingEnded, openingTimeout } from "./opening-intake.ts";
import { type ControlTlsBinding, type DataUsage, helloBringsTicket } from "./tls-binding.ts";
import { certificateFingerprint } from "./tls-identity.ts";

/** A data connection on which TLS is to start. */
export interface DataHandshake {
  readonly tcp: Socket;
  readonly path: TlsPath;
  readonly limits: LimitValues;
  /** Told of the TLS socket when there is one, with its handshake still to come. */
  onStarted(tls: DataTls): void;
}

export interface SecuredData {
  readonly tls: DataTls;
  readonly facts: DataFacts;
}

/**
 * Makes a handshake as the server: reads the ClientHello, judges it, starts TLS, all within limits.handshakeMs.
 *
 * Rejects with TlsError `SALLYPORT_DATA_HELLO_REFUSED`, `SALLYPORT_DATA_HANDSHAKE_FAILED` or
 * `SALLYPORT_DATA_HANDSHAKE_TIMEOUT`; the message is for people, and says what the peer should do where that is known.
 */
export function shakeHandsAsServer(
  handshake: DataHandshake,
  { binding, usage }: { readonly binding: ControlTlsBinding; readonly usage: DataUsage },
  readOpening: (look: (octets: Buffer) => boolean, onGone: (cause: Error | undefined) => void) => void,
): Promise<SecuredData> {
  const { tcp, path, limits } = handshake;
  const { promise, resolve, reject } = Promise.withResolvers<SecuredData>();
  let shaking: Disposable | undefined;
  const timer = setTimeout(() => {
    shaking?.[Symbol.dispose]();
    reject(shaking ? handshakeTooSlow(limits.handshakeMs) : startFailed(openingTimeout(limits.handshakeMs)));
  }, limits.handshakeMs);
  const fail = (error: unknown): void => {
    clearTimeout(timer);
    reject(error);
  };
  // Also where this side gives the connection up, of which whoever reads the opening is not told.
  const onClose = (): void => fail(startFailed(openingEnded(undefined)));
  tcp.once("close", onClose);
  const look = (octets: Buffer): boolean => {
    const hello = parseClientHello(octets, limits.clientHelloBytes);
    if (hello === "incomplete") return false;
    const refusal = typeof hello === "string" ? refuseFailure(hello) : binding.judgeDataHello(hello);
    if (refusal || typeof hello === "string") {
      if (refusal?.alert !== undefined) tcp.write(fatalAlertRecord(refusal.alert));
      fail(new TlsError("SALLYPORT_DATA_HELLO_REFUSED", refusal?.cause ?? "The ClientHello was refused"));
    }
    // Out of the socket's own callback, which still has to end.
    else queueMicrotask(() => start(hello));
    return true;
  };
  const start = (hello: ClientHello): void => {
    const clientHasResumed = binding.clientHasResumed;
    tcp.off("close", onClose);
    try {
      const started = startServerTls(tcp, path, binding, hello, usage);
      shaking = binding.shakingHands(started.socket);
      const done = (): void => {
        clearTimeout(timer);
        shaking?.[Symbol.dispose]();
        const resumed = started.socket.isSessionReused();
        if (resumed) binding.noteResumed(hello);
        const ofHello = { helloBroughtTicket: helloBringsTicket(hello), clientHasResumed, resumed };
        resolve(secured(started, "server", ofHello, binding.asksForCertificates));
      };
      handshakeDone(started.socket, true, done, (error) => {
        shaking?.[Symbol.dispose]();
        fail(error);
      });
      handshake.onStarted(started);
    } catch (error) {
      fail(startFailed(error));
    }
  };
  readOpening(look, (cause) => fail(startFailed(openingEnded(cause))));
  return promise;
}

/** Makes a handshake as the client of another server; rejects as {@link shakeHandsAsServer}. */
export async function shakeHandsAsClient(handshake: DataHandshake, options: ConnectionOptions): Promise<SecuredData> {
  const tls = startClientTls(handshake.tcp, handshake.path, options);
  handshake.onStarted(tls);
  const { handshakeMs } = handshake.limits;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(handshakeTooSlow(handshakeMs)), handshakeMs);
  handshakeDone(tls.socket, false, resolve, reject);
  await promise.finally(() => clearTimeout(timer));
  // Whoever was told of the socket may have refused what the handshake showed.
  if (tls.socket.errored) throw tls.socket.errored;
  const resumed = tls.socket.isSessionReused();
  return secured(tls, "client", { helloBroughtTicket: false, clientHasResumed: false, resumed }, true);
}

/** Why TLS did not even start. */
export function startFailed(cause: unknown): TlsError {
  if (cause instanceof TlsError) return cause;
  if (isSallyportError(cause) && cause.code === "SALLYPORT_OPENING_TIMEOUT") {
    const message = "The peer did not start TLS on the data connection, as PROT P demands";
    return new TlsError("SALLYPORT_DATA_HANDSHAKE_TIMEOUT", message, { cause });
  }
  const message = "The peer closed the data connection before TLS had started";
  return new TlsError("SALLYPORT_DATA_HANDSHAKE_FAILED", message, { cause });
}

function secured(
  tls: DataTls,
  role: "server" | "client",
  hello: Pick<DataTlsFacts, "helloBroughtTicket" | "clientHasResumed" | "resumed">,
  asksForCertificates: boolean,
): SecuredData {
  const { socket } = tls;
  const key: { name?: unknown } | null = role === "client" ? socket.getEphemeralKeyInfo() : null;
  const facts: DataFacts = {
    level: "P",
    tls: {
      role,
      protocol: socket.getProtocol() ?? "unknown",
      suite: socket.getCipher().standardName,
      group: typeof key?.name === "string" ? key.name : undefined,
      ...hello,
      get clientCertificateFingerprint() {
        const certificate = asksForCertificates ? socket.getPeerX509Certificate() : undefined;
        return certificate && certificateFingerprint(certificate);
      },
    },
  };
  return { tls, facts };
}

function handshakeTooSlow(timeoutMs: number): TlsError {
  const message = `The TLS handshake on the data connection was not done within ${timeoutMs} ms`;
  return new TlsError("SALLYPORT_DATA_HANDSHAKE_TIMEOUT", message);
}
