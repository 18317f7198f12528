import { parseClientHello, TlsError } from "@sallyport/protocol";
import type { Socket } from "node:net";
import { fatalAlertRecord, type HelloRefusal, refuseFailure } from "./client-hello-verdict.ts";
import { ServerTlsSocket } from "./server-tls-socket.ts";
import { ControlTlsBinding } from "./tls-binding.ts";
import { TlsDuplex } from "./tls-duplex.ts";
import { readTlsFacts, type TlsFacts } from "./tls-facts.ts";
import { isHelloRefusal, type ServerTlsProfile } from "./tls-profile.ts";

/** TLS in force on a control connection. */
export interface TlsLayer {
  readonly socket: ServerTlsSocket;
  readonly duplex: TlsDuplex;
  readonly binding: ControlTlsBinding;
  readonly facts: TlsFacts;
}

export type HandshakeFailureKind = "not-tls" | "tls-refused" | "tls-error";

export interface ControlHandshakeOptions {
  readonly profile: ServerTlsProfile;
  /** Chooses the certificate where the hello names no host (RFC 7151 §3.2). */
  readonly hostName: string | undefined;
  readonly clientHelloBytes: number;
  onSecure(layer: TlsLayer): void;
  /** The connection is to be closed once what was written has left: an alert at most. */
  onFailed(kind: HandshakeFailureKind, error: TlsError): void;
}

/**
 * One TLS handshake of a control connection, from its first octet: reads the ClientHello, judges it, chooses the
 * certificate, and lets Node do the rest.
 */
export class ControlHandshake {
  readonly #tcp: Socket;
  readonly #options: ControlHandshakeOptions;
  #state: HandshakeState = { phase: "hello", octets: Buffer.alloc(0) };

  constructor(tcp: Socket, options: ControlHandshakeOptions) {
    this.#tcp = tcp;
    this.#options = options;
  }

  receive(octets: Buffer): void {
    const state = this.#state;
    if (state.phase === "keys") state.binding.mintWhile(() => state.duplex.deliver(octets));
    else if (state.phase === "hello") this.#readHello(Buffer.concat([state.octets, octets]));
  }

  /** Stops; callbacks are not called any more. */
  abandon(): void {
    const state = this.#state;
    this.#state = { phase: "over" };
    if (state.phase !== "keys") return;
    state.socket.destroy();
    state.duplex.destroy();
    state.binding[Symbol.dispose]();
  }

  #readHello(octets: Buffer): void {
    this.#state = { phase: "hello", octets };
    const { profile, hostName, clientHelloBytes } = this.#options;
    const hello = parseClientHello(octets, clientHelloBytes);
    if (hello === "incomplete") return;
    if (typeof hello === "string") return this.#refuse(refuseFailure(hello));
    const judged = profile.judgeControlHello(hello, hello.serverName ?? hostName);
    if (isHelloRefusal(judged)) return this.#refuse(judged);
    const binding = new ControlTlsBinding(profile, judged);
    const duplex = new TlsDuplex(this.#tcp).watchRecords();
    const socket = new ServerTlsSocket(duplex, binding.controlTlsOptions(hello));
    this.#state = { phase: "keys", socket, duplex, binding };
    socket
      .once("secure", () => this.#onSecure(socket, duplex, binding))
      .once("error", (cause) => {
        this.#fail("tls-error", new TlsError("SALLYPORT_HANDSHAKE_FAILED", "The TLS handshake failed", { cause }));
      });
    this.receive(octets);
  }

  #onSecure(socket: ServerTlsSocket, duplex: TlsDuplex, binding: ControlTlsBinding): void {
    if (this.#state.phase !== "keys") return;
    const { profile } = this.#options;
    const facts = readTlsFacts(socket, profile, duplex.takeSent());
    const problem = facts.clientCertificate?.problem;
    if (profile.clientCertificates?.demand === "require" && problem !== undefined) {
      const message = `The client's certificate is not verified: ${problem}`;
      return this.#fail("tls-refused", new TlsError("SALLYPORT_CLIENT_CERTIFICATE", message));
    }
    this.#state = { phase: "over" };
    this.#options.onSecure({ socket, duplex, binding, facts });
  }

  #refuse({ alert, cause }: HelloRefusal): void {
    if (alert === undefined) return this.#fail("not-tls", new TlsError("SALLYPORT_NOT_TLS", cause));
    this.#tcp.write(fatalAlertRecord(alert));
    this.#fail("tls-refused", new TlsError("SALLYPORT_TLS_REFUSED", cause));
  }

  #fail(kind: HandshakeFailureKind, error: TlsError): void {
    if (this.#state.phase === "over") return;
    this.abandon();
    this.#options.onFailed(kind, error);
  }
}

type HandshakeState =
  | { readonly phase: "hello"; readonly octets: Buffer }
  | {
      readonly phase: "keys";
      readonly socket: ServerTlsSocket;
      readonly duplex: TlsDuplex;
      readonly binding: ControlTlsBinding;
    }
  | { readonly phase: "over" };
