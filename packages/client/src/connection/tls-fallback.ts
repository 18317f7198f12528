import { isSallyportError, type ReceivedReply, type SallyportError } from "@sallyport/protocol";
import type { FailureCircumstances } from "../explain/explanation.ts";
import type { ClientOptions } from "../options.ts";
import type { KnownServer } from "../profile/known-server.ts";
import type { ConnectDecision } from "./security-choice.ts";

type State =
  | { readonly kind: "untried" }
  | { readonly kind: "trying"; readonly evidence: string }
  | { readonly kind: "over" };

/**
 * Servers refuse data connections that do not resume the TLS of their control connection, and some cannot resume TLS 1.3.
 * Then a control connection with TLS 1.2 is tried, once; where data moves on it, that is remembered of the server. One
 * for all control connections of a client.
 *
 * Replies that lead here came inside TLS, and TLS 1.2 was among what was offered: nobody is let in below what the options
 * allow. Whoever names a highest version gets no other.
 */
export class TlsFallback {
  readonly #known: KnownServer;
  readonly #isAllowed: boolean;
  readonly #onDecision: ((decision: ConnectDecision) => void) | undefined;
  #state: State = { kind: "untried" };

  constructor(known: KnownServer, { tls = {}, onDecision }: Pick<ClientOptions, "tls" | "onDecision">) {
    const { minVersion, maxVersion, resumption } = tls;
    this.#known = known;
    this.#isAllowed = minVersion !== "TLSv1.3" && maxVersion === undefined && resumption !== "off";
    this.#onDecision = onDecision;
  }

  /** The version beyond which the next control connection does not go. */
  get maxVersion(): "TLSv1.2" | undefined {
    return this.#state.kind === "trying" ? "TLSv1.2" : undefined;
  }

  /** Whether what failed on a connection is to be asked again on another one, which then has TLS 1.2. */
  mayHelp(error: unknown): boolean {
    if (!this.#isAllowed || !isOfDialogue(error) || !isForWantOfResumption(error)) return false;
    if (error.circumstances.tlsVersion !== "TLSv1.3") {
      if (this.#state.kind === "trying") this.#state = { kind: "over" };
      return false;
    }
    if (this.#state.kind === "untried") this.#state = { kind: "trying", evidence: evidenceOf(error) };
    return this.#state.kind === "trying" || this.#known.fact("maxTlsVersion") === "TLSv1.2";
  }

  /** Data moved on a connection. */
  worked(tlsVersion: string | undefined): void {
    if (this.#state.kind !== "trying" || tlsVersion !== "TLSv1.2") return;
    const { evidence } = this.#state;
    this.#known.learn("maxTlsVersion", tlsVersion, evidence);
    this.#onDecision?.({ kind: "older-tls", because: evidence });
    this.#state = { kind: "over" };
  }
}

/** Errors that may be tried once more at once, whatever the number of retries. */
export function onAnotherConnection<E extends Error>(error: E): E {
  return Object.assign(error, { triesAnotherConnection: true });
}

interface DialogueError extends SallyportError {
  readonly reply?: ReceivedReply;
  readonly circumstances: FailureCircumstances;
}

function isOfDialogue(error: unknown): error is DialogueError {
  return isSallyportError(error) && "circumstances" in error;
}

/** vsftpd says 522 and names it, ProFTPD 425 without a reason; Pure-FTPd does not resume TLS 1.3 (measured). */
function isForWantOfResumption(error: DialogueError): boolean {
  if (error.code === "SALLYPORT_NOT_RESUMED" || causeCode(error) === "SALLYPORT_NOT_RESUMED") return true;
  const { reply, circumstances } = error;
  if (reply === undefined || reply.code < 400) return false;
  const isNamed = reply.lines.some((line) => resumptionTexts(reply.code)?.test(line) === true);
  return isNamed || ((reply.code === 425 || reply.code === 522) && circumstances.dataResumed === false);
}

/** Other replies name files, which may be called so: x2z are about connections (RFC 959 §4.2), and FileZilla says 450. */
function resumptionTexts(code: number): RegExp | undefined {
  if (code === 450) return /^TLS session .*resum/i;
  return Math.floor(code / 10) % 10 === 2 ? /reuse|resum/i : undefined;
}

function causeCode({ cause }: Error): string | undefined {
  return isSallyportError(cause) ? cause.code : undefined;
}

function evidenceOf({ reply }: DialogueError): string {
  return reply === undefined ? "SALLYPORT_NOT_RESUMED" : `${reply.code} ${reply.lines.at(-1) ?? ""}`;
}
