import type { CertificateJson, PeerCertificateJson, ProblemJson } from "../api/api.ts";
import { CommandRefused, explainFailure, isDialogueError, isSallyportError, SallyportError } from "@sallyport/client";
import { displayOctets } from "@sallyport/protocol";
import { adviceOf } from "./advice.ts";
import { CertificateError, type CertificateFacts, type PeerCertificateFacts } from "@sallyport/transport";

/** The browser asked for something that cannot be. */
export class GatewayRefusal extends SallyportError {
  readonly status: HttpStatus;
  readonly offset: number | undefined;

  constructor(
    status: HttpStatus,
    code: string,
    message: string,
    { offset, cause }: { readonly offset?: number; readonly cause?: unknown } = {},
  ) {
    super(code, message, { cause });
    this.status = status;
    this.offset = offset;
  }
}

export type HttpStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 416 | 421 | 429 | 500 | 502 | 503 | 504;

/** Puts any failure into words for the page; what is no error of ours tells nothing. */
export function problemOf(error: unknown): ProblemJson {
  if (!isSallyportError(error)) {
    return { code: "SALLYPORT_GATEWAY_FAILED", message: "The gateway failed; its log says more." };
  }
  const explained = explainFailure(error);
  const [cause] = explained?.causes ?? [];
  const { advice = [], settings = [] } = cause === undefined ? {} : adviceOf(cause);
  const reply = replyOf(error);
  return {
    code: error.code,
    message: sentence(messageOf(error)),
    ...(reply && { reply }),
    ...(cause && { cause: cause.id, explanation: cause.text }),
    ...(advice.length > 0 && { advice }),
    ...(settings.length > 0 && { settings }),
    ...(error instanceof CertificateError && { certificate: peerCertificateJson(error.certificate) }),
    ...(error instanceof GatewayRefusal && error.offset !== undefined && { offset: error.offset }),
  };
}

/** How HTTP says the same. */
export function statusOf(error: unknown): HttpStatus {
  if (error instanceof GatewayRefusal) return error.status;
  if (!isSallyportError(error)) return 500;
  const reply = isDialogueError(error) ? error.reply?.code : undefined;
  if (error.code === "SALLYPORT_LOGIN_REFUSED") return 403;
  if (reply === 550) return 404;
  if (reply !== undefined && reply >= 500) return 409;
  return statuses.find(([pattern]) => pattern.test(error.code))?.[1] ?? 502;
}

const statuses: readonly (readonly [RegExp, HttpStatus])[] = [
  [/CERTIFICATE|PIN_/, 409],
  [/TIMEOUT/, 504],
  [/URL_INVALID|FORBIDDEN_CHARACTER|UNENCODABLE|HOST_INVALID/, 400],
  [/FILE_EXISTS/, 409],
  [/NOT_FOUND/, 404],
];

export function peerCertificateJson(facts: PeerCertificateFacts): PeerCertificateJson {
  return {
    ...certificateJson(facts),
    host: facts.host,
    names: facts.names,
    chain: facts.chain.map((certificate) => certificateJson(certificate)),
    problems: facts.problems.map(({ code, text }) => ({ code, text })),
  };
}

function certificateJson(facts: CertificateFacts): CertificateJson {
  const { subject, issuer, serialNumber, validFrom, validUntil, key, fingerprint, pin } = facts;
  return {
    subject,
    issuer,
    serialNumber,
    validFrom: isoOf(validFrom),
    validUntil: isoOf(validUntil),
    key,
    fingerprint,
    pin,
  };
}

function isoOf(date: Date): string {
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

/** Nothing but what has the form of a reply is handed on: no other protocol can be read through the gateway. */
function replyOf(error: SallyportError): ProblemJson["reply"] {
  const reply = isDialogueError(error) ? error.reply : undefined;
  if (reply === undefined) return undefined;
  const text = reply.lines
    .map((line) =>
      displayOctets(line)
        .replace(/^\d{3}[- ]/, "")
        .trim(),
    )
    .join(" ");
  return { code: reply.code, text: text.slice(0, 400) };
}

/** What the server said stands beside it; how to pin a key is for other programs, the page offers to trust it. */
function messageOf(error: SallyportError): string {
  if (error.code === "SALLYPORT_LOGIN_REFUSED") return "The server refuses the login";
  if (error instanceof CommandRefused && isDialogueError(error)) return "The server refuses that";
  return error instanceof CertificateError
    ? error.message.replace(/; if you know it to be the right one, pin it as .*$/s, "")
    : error.message;
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}
