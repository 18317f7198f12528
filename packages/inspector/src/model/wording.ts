import type { TlsMode, VerificationEvent } from "./events.ts";
import type { Awaited, Problem, ProblemId } from "./problems.ts";
import type { ModeSummary, Turn } from "./summary.ts";

/** Where a mode was looked for. */
export interface Whereabouts {
  readonly host: string;
  readonly mode: TlsMode;
  readonly port: number;
}

/** A finding in plain words: what is the case, and what to do about it. */
export interface Words {
  readonly sentence: string;
  readonly advice: string;
}

/** Says why a mode could not be shown to its end, and what to do. */
export function problemWords(problem: Problem, where: Whereabouts): Words {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the key picks the row of the same problem
  const row = rows[problem.id] as (problem: Problem, where: Whereabouts) => Words;
  return row(problem, where);
}

/** Says what the check of the certificate found, as the end of a sentence that begins with "the certificate is". */
export function verificationWords(event: VerificationEvent, host: string): Words {
  if (event.verdict === "verified") return { sentence: `verified for ${host}`, advice: "" };
  if (event.verdict === "not-asked") return { sentence: "not checked, as --insecure asks", advice: "" };
  const reason = event.reason ?? "unknown";
  const known = verificationReasons[reason];
  return {
    sentence: `not verified: ${known?.sentence ?? reason}`,
    advice: known?.advice ?? `Look up ${reason}, or leave the check out with --insecure.`,
  };
}

/**
 * The one line at the end that a person can act on: the gravest finding first, both modes sound last. The host is
 * given as the person typed it.
 */
export function adviceFor(
  summaries: readonly ModeSummary[],
  ports: Readonly<Record<TlsMode, number>>,
  host: string,
): string {
  const of = (mode: TlsMode) => summaries.find((summary) => summary.mode === mode);
  const explicit = of("explicit");
  const implicit = of("implicit");
  if (summaries.every(({ reached }) => reached === "nothing")) return nothingAnswers(summaries, host);
  const refused = summaries.find(({ problem }) => problem && gravest.has(problem.id));
  if (refused?.problem) return wordsOf(refused, ports, host).advice;
  const unverified = summaries.find(({ verification }) => verification?.verdict === "failed")?.verification;
  if (unverified) return verificationWords(unverified, host).advice;
  const broken = summaries.find(({ problem, reached }) => problem && reached !== "nothing");
  if (broken?.problem) return wordsOf(broken, ports, host).advice;
  if (explicit?.reached === "tls" && implicit?.reached === "nothing") {
    return `Only explicit TLS is on offer: set clients to require it (ftpes://, "require explicit FTP over TLS"), never to use it "if available".`;
  }
  if (implicit?.reached === "tls" && explicit?.reached === "nothing") {
    return `Only implicit TLS is on offer: set clients to ftps:// with port ${ports.implicit}.`;
  }
  const retried = summaries.some((summary) => summary.retried)
    ? "The server stalls on a large ClientHello: update its TLS library before clients with post-quantum groups meet it. "
    : "";
  return `${retried}Both modes keep the login secret: set clients to require explicit TLS on port ${ports.explicit}, never "if available", or to implicit TLS on port ${ports.implicit}.`;
}

/** What somebody in between, who takes AUTH away, gets from a client that wants TLS so much. */
export const strippedWords = {
  required: {
    sentence: "The client requires TLS: it leaves without a name and without a password.",
    advice: "Nothing is lost but the connection: a client that requires TLS can be kept out, but not listened to.",
  },
  "if-available": {
    sentence: "The client takes TLS if there is any: it logs in in clear, and sees no error.",
    advice:
      'Whoever took AUTH away has the password, and the client noticed nothing: never let a client take TLS "if available".',
  },
} as const satisfies Readonly<Record<"required" | "if-available", Words>>;

/** The price of a mode, for a table. */
export function roundTripsWords({ roundTrips, retryRequested }: ModeSummary): string {
  if (roundTrips === undefined) return "never safe";
  return retryRequested ? `${roundTrips}, one of them for a HelloRetryRequest` : String(roundTrips);
}

/** Where TLS begins, for a table. */
export function turnWords(turn: Turn | undefined): string {
  if (!turn) return "never";
  const octets = turn.clearToServer + turn.clearToClient;
  return octets === 0 ? "from the first octet" : `behind ${octets} octets in clear`;
}

/** Findings about which a person must act before anything else: a login here would be read. */
const gravest: ReadonlySet<ProblemId> = new Set(["auth-refused", "clear-on-implicit", "clear-after-auth"]);

function wordsOf(summary: ModeSummary, ports: Readonly<Record<TlsMode, number>>, host: string): Words {
  const where = { host, mode: summary.mode, port: ports[summary.mode] };
  return summary.problem ? problemWords(summary.problem, where) : { sentence: "", advice: "" };
}

function nothingAnswers(summaries: readonly ModeSummary[], host: string): string {
  const unknown = summaries.some(({ problem }) => problem?.id === "name-unknown");
  if (unknown) return `Check the name ${host}: no address is known for it.`;
  return `Nothing answers at ${host}: check that the server runs, or name its ports with --explicit-port and --implicit-port (Sallyport without root: 2121 and 2990).`;
}

const awaitedWords: Record<Awaited, string> = {
  connection: "connection",
  greeting: "greeting",
  "auth-reply": "reply to AUTH TLS",
  handshake: "end of the TLS handshake",
  "greeting-in-tls": "greeting inside TLS",
  "login-reply": "reply to the login",
  "data-reply": "end of the listing",
};

type Row<Id extends ProblemId> = (problem: Extract<Problem, { id: Id }>, where: Whereabouts) => Words;

const rows: { readonly [Id in ProblemId]: Row<Id> } = {
  "name-unknown": (_problem, { host }) => ({
    sentence: `No address is known for ${host}.`,
    advice: `Check the name ${host}.`,
  }),
  refused: (_problem, { host, mode, port }) => ({
    sentence: `Nothing listens on port ${port} of ${host}: the connection was refused.`,
    advice: `Name another port with --${mode}-port.`,
  }),
  unreachable: ({ code }, { host, port }) => ({
    sentence: `No way leads to port ${port} of ${host} (${code}).`,
    advice: "Check the network and the firewalls on the way.",
  }),
  silent: ({ awaited, timeoutMs }, where) => silentWords(awaited, timeoutMs, where),
  closed: ({ awaited }, { port }) => ({
    sentence: `The server closed the connection before the ${awaitedWords[awaited]}.`,
    advice: `Look into the server's log for this connection to port ${port}.`,
  }),
  "too-much": ({ octets }) => ({
    sentence: `The server sent more than ${octets} octets where a short dialogue belongs.`,
    advice: "Check the port number: an FTP server sends a few lines here.",
  }),
  "greeting-refused": ({ line }) => ({
    sentence: `The server greets with a refusal: ${line}`,
    advice: "Try again later, or ask the server's administrator whether this address is blocked.",
  }),
  "not-ftp": ({ line }, { port }) => ({
    sentence: `What answers on port ${port} is not FTP: ${line}`,
    advice: "Check the port number.",
  }),
  "auth-refused": ({ code, line }) => ({
    sentence: `The server refuses TLS (${line}): ${authRefusals[code] ?? "it gives no reason that FTP knows"}.`,
    advice:
      code === 431
        ? "Give the server a readable certificate and key; do not log in on this port until it offers TLS."
        : "Do not log in on this port: the password would go in clear. Enable TLS on the server, or use implicit TLS.",
  }),
  "clear-after-auth": ({ line }) => ({
    sentence: `Clear text follows the 234, before TLS: ${line}`,
    advice: "Do not trust this connection: whoever is on the way may have put it there.",
  }),
  "password-kept": () => ({
    sentence: "The password stays here: the server's certificate is not verified.",
    advice: "Give the authority's certificate with --ca FILE; only then does the login go on.",
  }),
  "login-refused": ({ line }) => ({
    sentence: `The server refuses the login: ${line}`,
    advice: "Check the name and the password.",
  }),
  "listing-refused": ({ line }) => ({
    sentence: `The server gives no listing over a data connection with TLS: ${line}`,
    advice: "Look into the server's log: it most often wants resumption, or its passive ports are shut.",
  }),
  "clear-on-implicit": ({ line }, { port }) => ({
    sentence: `Port ${port} speaks clear text where TLS must stand from the first octet: ${line}`,
    advice: `Port ${port} is no implicit port: if it is meant for explicit TLS, say --explicit-port ${port}.`,
  }),
  "handshake-refused": ({ line }) => ({
    sentence: `The server answers the ClientHello in clear text: ${line}`,
    advice: "Look into the server's log: it most often lacks a usable certificate.",
  }),
  "handshake-alert": ({ alert }) => ({
    sentence: `The server ended the TLS handshake with the alert ${alert}.`,
    advice: alertAdvice[alert] ?? "Look into the server's log for the reason of this alert.",
  }),
  "handshake-failed": ({ reason }) => ({
    sentence: `The TLS handshake failed at our end: ${reason}.`,
    advice: "The server offers nothing that this runtime accepts: it needs TLS 1.2 or 1.3 with a current suite.",
  }),
};

function silentWords(awaited: Awaited, timeoutMs: number, { host, mode, port }: Whereabouts): Words {
  const seconds = `${timeoutMs / 1000} s`;
  if (awaited === "connection") {
    return {
      sentence: `Nothing came back from port ${port} of ${host} within ${seconds}.`,
      advice: "A firewall may drop the packets: check it, or wait longer with --timeout.",
    };
  }
  const advice =
    awaited === "greeting"
      ? `A server that waits for TLS stays silent like this: try --implicit-port ${port}.`
      : awaited === "handshake" && mode === "implicit"
        ? `A server that does not expect TLS may stay silent like this: try --explicit-port ${port}.`
        : "Wait longer with --timeout, or look into the server's log.";
  return { sentence: `The server stayed silent for ${seconds} before the ${awaitedWords[awaited]}.`, advice };
}

/** RFC 4217 §4 and RFC 2228 §3; 500 and 502 by RFC 959 §4.2. */
const authRefusals: Readonly<Record<number, string>> = {
  421: "it closes the connection",
  431: "it has the mechanism, but cannot use it now, most often for want of a certificate",
  500: "it does not know the command AUTH",
  502: "it knows AUTH, but has it switched off",
  503: "AUTH came at a time when it does not take it",
  504: "it knows AUTH, but not TLS",
  530: "it wants a login first, which would go in clear",
  534: "its policy forbids it",
};

const alertAdvice: Readonly<Record<string, string>> = {
  protocol_version: "The server has no TLS 1.2 or 1.3: update it.",
  handshake_failure: "Client and server have no suite or group in common: update the older one.",
  unrecognized_name: "The server has no certificate for this name: connect by a name that it has.",
  no_application_protocol: "The server does not know the ALPN protocol ftp.",
  certificate_required: "The server demands a client certificate.",
};

/** Codes of OpenSSL's chain check (x509_verify_cert_error_string) and of Node's name check. */
const verificationReasons: Readonly<Record<string, Words>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    sentence: "it signs itself",
    advice: "Give the certificate with --ca FILE if you know it, or let an authority sign the server's key.",
  },
  SELF_SIGNED_CERT_IN_CHAIN: {
    sentence: "the authority at the end of its chain is not known here",
    advice: "Give the authority's certificate with --ca FILE (a Sallyport server keeps its own at STATE/tls/ca.pem).",
  },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: {
    sentence: "the authority that signed it is not known here",
    advice: "Give the authority's certificate with --ca FILE (a Sallyport server keeps its own at STATE/tls/ca.pem).",
  },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    sentence: "the certificate of the authority that signed it is missing",
    advice: "Make the server send its whole chain, or give the authority's certificate with --ca FILE.",
  },
  CERT_HAS_EXPIRED: { sentence: "it has expired", advice: "Renew the server's certificate." },
  CERT_NOT_YET_VALID: {
    sentence: "it is not valid yet",
    advice: "Check the clocks of both machines, then the server's certificate.",
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    sentence: "it is made out to other names",
    advice: "Connect by a name that the certificate carries, or have one made for this name.",
  },
  CERT_SIGNATURE_FAILURE: {
    sentence: "its signature is wrong",
    advice: "Do not trust this server: the certificate was damaged or forged.",
  },
  CERT_REVOKED: { sentence: "it was revoked", advice: "Do not trust this server until it has a new certificate." },
  INVALID_PURPOSE: {
    sentence: "it is not made for servers",
    advice: "Have a certificate made with the extended key usage serverAuth.",
  },
  EE_KEY_TOO_SMALL: {
    sentence: "its key is too short",
    advice: "Have a certificate made with RSA 2048 bits or P-256.",
  },
  CA_MD_TOO_WEAK: { sentence: "it is signed with an outdated digest", advice: "Have a certificate made with SHA-256." },
};
