import {
  type Credentials,
  isSallyportError,
  type LimitValues,
  type Octets,
  octetsFromText,
  type TlsError,
  type UserPiPolicy,
} from "@sallyport/protocol";
import { isIPv6 } from "node:net";
import { ClientTls, type Dialer, HandshakeError } from "@sallyport/transport";
import { parseAutoEncoding } from "../names/auto-names.ts";
import { nameCodec, utf8Names } from "../names/name-codec.ts";
import type { ClientOptions } from "../options.ts";
import { downgradeOf, lastTlsMode, type RememberedHost, type SecurityObservation } from "../trust/host-memory.ts";
import { Compression } from "../compression/compression.ts";
import type { KnownServer } from "../profile/known-server.ts";
import { afterLogin } from "./after-login.ts";
import { ClientConnection } from "./client-connection.ts";
import { authMechanisms, messageSecurityPlan } from "./gssapi-plan.ts";
import { GreetingWatch } from "./implicit-port.ts";
import { findSecurity, type SecurityAttempt } from "./find-security.ts";
import { type SecurityCandidate, securityCandidates, type SecurityWish } from "./security-choice.ts";
import { TlsFallback } from "./tls-fallback.ts";

export interface OpenerOptions {
  readonly host: string;
  readonly wish: SecurityWish;
  readonly known: KnownServer;
  readonly credentials: Credentials;
  readonly limits: LimitValues;
  readonly dialer: Dialer;
  readonly options: ClientOptions;
}

/** Opens the control connections of one client; what one of them found out serves the next. */
export class ConnectionOpener {
  readonly #parts: OpenerOptions;
  #settled: SecurityCandidate | undefined;
  readonly #fallback: TlsFallback;
  #smallHello = false;
  readonly #compression: Compression | undefined;
  #sendsAhead = true;

  constructor(parts: OpenerOptions) {
    this.#parts = parts;
    const { compression = "off" } = parts.options;
    if (compression !== "off") this.#compression = new Compression(compression, parts.known);
    this.#fallback = new TlsFallback(parts.known, parts.options);
  }

  /** What is known of the server, and what becomes known. */
  get known(): KnownServer {
    return this.#parts.known;
  }

  /** How the control connections are protected, and on which port, once the first one stands. */
  get server(): { readonly host: string; readonly port: number; readonly security: string } | undefined {
    return this.#settled && { host: this.#parts.host, port: this.#settled.port, security: this.#settled.security };
  }

  /** Rejects as the connection does; with TlsError `SALLYPORT_TLS_DOWNGRADE` where TLS vanished that was once there. */
  async open(signal: AbortSignal | undefined): Promise<ClientConnection> {
    const remembered = await this.#remembered();
    const candidates = this.#candidates(remembered);
    const open = (candidate: SecurityCandidate, attempt: SecurityAttempt): Promise<ClientConnection> =>
      this.#attempt(candidate, attempt, candidates.length === 1);
    try {
      const { candidate, opened } = await findSecurity(candidates, open, signal);
      this.#tellClear(opened);
      await afterLogin(opened, this.#parts.options.afterLogin ?? [], signal);
      await this.#settle(candidate, opened);
      return opened;
    } catch (error) {
      throw this.#alarm(error, remembered) ?? error;
    }
  }

  /** The only way that is tried is named where it is the wrong one; where several are, the right one is among them. */
  #watch(candidate: SecurityCandidate, isOnlyOne: boolean): GreetingWatch | undefined {
    if (!isOnlyOne || candidate.security === "implicit") return undefined;
    const { host, dialer, limits } = this.#parts;
    return new GreetingWatch({ host, port: candidate.port, dialer, limits });
  }

  /** Once for each client. */
  #tellClear({ isControlClear }: ClientConnection): void {
    const { options } = this.#parts;
    if (options.clearControl !== true || options.security === "plain" || this.#settled !== undefined) return;
    options.onDecision?.({ kind: "clear-control", accepted: isControlClear });
  }

  #candidates(remembered: RememberedHost | undefined): readonly SecurityCandidate[] {
    if (this.#settled !== undefined) return [this.#settled];
    return securityCandidates({ known: lastTlsMode(remembered, Date.now()), ...this.#parts.wish });
  }

  async #attempt(candidate: SecurityCandidate, given: SecurityAttempt, isOnlyOne: boolean): Promise<ClientConnection> {
    using watch = this.#watch(candidate, isOnlyOne);
    const attempt = watch ? watched(given, watch) : given;
    try {
      return await this.#openOnce(candidate, attempt);
    } catch (error) {
      const mayHelp = error instanceof HandshakeError && error.mayBeLargeHello;
      if (!mayHelp || this.#smallHello || this.#parts.options.tls?.groups !== undefined)
        throw (wasReached(error) && (await watch?.causeOfSilence())) || error;
      const connection = await this.#openOnce(candidate, attempt, "small");
      this.#smallHello = true;
      this.#parts.options.onDecision?.({ kind: "small-hello", failure: error });
      return connection;
    }
  }

  async #openOnce(candidate: SecurityCandidate, attempt: SecurityAttempt, groups?: "small"): Promise<ClientConnection> {
    const { security, port } = candidate;
    const { host, known, credentials, limits, dialer, options } = this.#parts;
    const size = groups ?? (this.#smallHello ? "small" : undefined);
    const fallback = this.#fallback;
    const sendsAhead = this.#sendsAhead;
    const opening = ClientConnection.open(
      { host, port },
      {
        policy: { ...policyOf(security, options, { host, limits, known }), sendsAhead },
        credentials,
        limits,
        dialer,
        proxied: options.proxy !== undefined,
        security:
          security === "plain" ? undefined : await clientTls(host, port, options, { groups: size, known, fallback }),
        fallback,
        messageSecurity: messageSecurityPlan(host, options),
        activePorts: options.data?.ports,
        asksDuringTransfer: options.keepAlive?.duringTransfer ?? false,
        known,
        compression: this.#compression,
        onTranscript: options.onTranscript,
        onGreeting: () => attempt.greeted(),
        mayLogIn: () => attempt.claim(),
        signal: attempt.signal,
      },
    );
    try {
      const connection = await opening;
      void connection.closed.then(({ failure }) => this.#heedLoss(failure));
      return connection;
    } catch (error) {
      if (!this.#heedLoss(error) || !sendsAhead) throw error;
      return this.#openOnce(candidate, attempt, groups);
    }
  }

  /** A reply that never came may have been to a command that was lost behind another; then they go one by one. */
  #heedLoss(error: unknown): boolean {
    const isLoss = isSallyportError(error) && error.code === "SALLYPORT_REPLY_TIMEOUT";
    if (isLoss) this.#sendsAhead = false;
    return isLoss;
  }

  async #settle(candidate: SecurityCandidate, { gssapi }: ClientConnection): Promise<void> {
    if (this.#settled === undefined) {
      const { security, port } = candidate;
      this.#parts.options.onDecision?.({ kind: "security", security: gssapi ? "gssapi" : security, port });
    }
    this.#settled = candidate;
    // What is remembered is about TLS.
    if (candidate.security === "plain" || gssapi !== undefined) return;
    await this.#remember(`${candidate.security}-tls`);
    if (this.#parts.options.dataProtection !== "C") await this.#remember("protected-data");
  }

  /** A memory that cannot be read must not keep anyone from a server; it guards, and it is not the lock. */
  async #remembered(): Promise<RememberedHost | undefined> {
    const { hosts, security, onDecision } = this.#parts.options;
    const remembered = await hosts?.find(this.#key).catch(() => undefined);
    const warning = security === "plain" ? this.#lossOf(remembered, "plain-wanted") : undefined;
    if (warning !== undefined && this.#settled === undefined) onDecision?.({ kind: "plain-though-tls", warning });
    return remembered;
  }

  async #remember(observation: SecurityObservation): Promise<void> {
    await this.#parts.options.hosts?.remember(this.#key, observation, Date.now()).catch(() => {});
  }

  #alarm(error: unknown, remembered: RememberedHost | undefined): TlsError | undefined {
    const observation = isSallyportError(error) ? observations[error.code] : undefined;
    const alarm = observation && this.#lossOf(remembered, observation);
    return alarm && Object.assign(alarm, { cause: error });
  }

  #lossOf(remembered: RememberedHost | undefined, observation: SecurityObservation): TlsError | undefined {
    return downgradeOf(this.#key, remembered, observation, Date.now());
  }

  /** One name for all ways into a server that was named without a port. */
  get #key(): string {
    return serverKeyOf(this.#parts.host, this.#parts.wish);
  }
}

function wasReached(error: unknown): boolean {
  return isSallyportError(error) && !/^SALLYPORT_(?:HOST|CONNECT|PROXY)_/.test(error.code);
}

function watched(attempt: SecurityAttempt, watch: GreetingWatch): SecurityAttempt {
  const greeted = (): void => {
    watch.greeted();
    attempt.greeted();
  };
  return { signal: AbortSignal.any([attempt.signal, watch.signal]), greeted, claim: () => attempt.claim() };
}

/** By which name a server is remembered, `host:port`. */
export function serverKeyOf(host: string, { port, security }: SecurityWish): string {
  return `${host}:${port ?? (security === "implicit" ? 990 : 21)}`;
}

const observations: Readonly<Record<string, SecurityObservation>> = {
  SALLYPORT_TLS_UNAVAILABLE: "auth-refused",
  SALLYPORT_NOT_TLS: "implicit-clear",
  SALLYPORT_PROTECTION_REFUSED: "data-refused",
};

function policyOf(
  security: UserPiPolicy["security"],
  options: ClientOptions,
  { host, limits, known }: Pick<OpenerOptions, "host" | "limits" | "known">,
): UserPiPolicy {
  return {
    security,
    mechanisms: authMechanisms(options),
    dataProtection: options.dataProtection ?? "P",
    dataSetup: options.data?.mode ?? "passive",
    passiveAddress: options.data?.passiveAddress ?? "control",
    pipelinedMax: 1,
    clearsControl: options.clearControl === true && security !== "plain",
    ...(options.virtualHost && { virtualHost: virtualHostOf(options.virtualHost, host) }),
    asksUtf8: isUtf8(options.encoding) && !alwaysUtf8.test(known.fact("product") ?? ""),
    limits,
  };
}

/** A literal address of IPv6 stands in brackets (RFC 7151 §3.1). */
function virtualHostOf(wish: string | true, host: string): Octets {
  const name = wish === true ? host : wish;
  return octetsFromText(isIPv6(name) ? `[${name}]` : name);
}

/** Whoever names a legacy encoding wants the server left in it. */
function isUtf8(encoding = "auto"): boolean {
  return parseAutoEncoding(encoding) !== undefined || nameCodec(encoding) === utf8Names;
}

/** They hand names on as they are, whatever OPTS UTF8 says (measured): there is nothing to ask for. */
const alwaysUtf8 = /^(?:Sallyport|vsftpd|ProFTPD|Pure-FTPd|pyftpdlib)\b/;

interface TlsKnowledge {
  readonly groups: "small" | undefined;
  readonly known: KnownServer;
  readonly fallback: TlsFallback;
}

function clientTls(
  host: string,
  port: number,
  { tls = {}, virtualHost }: ClientOptions,
  { groups, known, fallback }: TlsKnowledge,
): Promise<ClientTls> {
  const { ca, pins, tofu, verify, insecure, ...offer } = tls;
  // What is remembered never goes below what is asked for.
  const newest = offer.minVersion === "TLSv1.3" ? undefined : (fallback.maxVersion ?? known.fact("maxTlsVersion"));
  return ClientTls.create({
    ...(newest && { maxVersion: newest }),
    // The certificate has to be that host's (R-7151-03).
    ...(typeof virtualHost === "string" && { servername: virtualHost }),
    ...offer,
    ...(groups && { groups }),
    host,
    port,
    trust: {
      ...(ca === undefined ? {} : { ca }),
      ...(pins && { pins }),
      ...(tofu && { tofu }),
      ...(verify && { verify }),
      ...(insecure === undefined ? {} : { insecure }),
    },
  });
}
