import type { english } from "./english.ts";

/** Every text of the page. English decides which there are: a language that lacks one does not compile. */
export type Texts = Translated<typeof english>;

/** A language other than English. */
export interface Translation {
  readonly texts: Texts;
  /** What is the matter, by the cause or else the code that the gateway sends with its English words. */
  readonly problems: Readonly<Record<string, string>>;
}

/** A translation says in its words what English says, and of the same numbers and names. */
type Translated<Table> = {
  readonly [Key in keyof Table]: Table[Key] extends string
    ? string
    : Table[Key] extends (...given: infer Given) => string
      ? (...given: Given) => string
      : Translated<Table[Key]>;
};

/** The problems that every translation must have words for. */
export type KnownProblems = Readonly<Record<KnownProblem, string>>;

type KnownProblem =
  | "password-wrong-lately"
  | "SALLYPORT_CERTIFICATE_EXPIRED"
  | "SALLYPORT_CERTIFICATE_UNTRUSTED"
  | "SALLYPORT_COMMAND_REFUSED"
  | "SALLYPORT_CONNECTION_LOST"
  | "SALLYPORT_CONNECT_FAILED"
  | "SALLYPORT_CONNECT_REFUSED"
  | "SALLYPORT_CONNECT_TIMEOUT"
  | "SALLYPORT_DATA_CONNECT_TIMEOUT"
  | "SALLYPORT_DATA_STALLED"
  | "SALLYPORT_DATA_TRUNCATED"
  | "SALLYPORT_FILE_EXISTS"
  | "SALLYPORT_GATEWAY_AWAY"
  | "SALLYPORT_GATEWAY_FAILED"
  | "SALLYPORT_HANDSHAKE_FAILED"
  | "SALLYPORT_HANDSHAKE_TIMEOUT"
  | "SALLYPORT_HASH_UNAVAILABLE"
  | "SALLYPORT_HOST_UNKNOWN"
  | "SALLYPORT_IMPLICIT_PORT"
  | "SALLYPORT_LISTING_CUT"
  | "SALLYPORT_LOGIN_REFUSED"
  | "SALLYPORT_NAME_UNENCODABLE"
  | "SALLYPORT_NOT_RESUMED"
  | "SALLYPORT_NOT_TLS"
  | "SALLYPORT_PIN_MISMATCH"
  | "SALLYPORT_REPLY_TIMEOUT"
  | "SALLYPORT_SIGNED_OUT"
  | "SALLYPORT_TARGET_REFUSED"
  | "SALLYPORT_TICKET_OVER"
  | "SALLYPORT_TLS_DOWNGRADE"
  | "SALLYPORT_TLS_UNAVAILABLE"
  | "SALLYPORT_TOO_MANY_LOGINS"
  | "SALLYPORT_TOO_MANY_TRANSFERS"
  | "SALLYPORT_TOO_OFTEN"
  | "SALLYPORT_UNREACHABLE"
  | "SALLYPORT_URL_INVALID";
