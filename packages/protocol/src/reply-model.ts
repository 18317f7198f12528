/**
 * The reply state model of RFC 959 §6 with its updates: what a reply's first digit means to the command that it answers.
 * `fault`: the RFC has no such arrow; it is the server's violation, never waited on.
 */
export type ReplyMeaning = "preliminary" | "success" | "continue" | "failure" | "fault";

type Meanings = Readonly<Record<1 | 2 | 3 | 4 | 5, ReplyMeaning>>;

const refusals = { 4: "failure", 5: "failure" } as const;

/** One row for each diagram; a verb belongs to one of them. */
export const replyModel = {
  /** One reply and done: DELE, CWD, TYPE, SIZE, PASV and most others. */
  single: { 1: "fault", 2: "success", 3: "fault", ...refusals },
  /** A preliminary reply, then the completion; servers that omit the first are served too (R-CLI-09). */
  transfer: { 1: "preliminary", 2: "success", 3: "fault", ...refusals },
  /** RNFR, SITE CPFR, REST, RANG: they demand a successor. */
  prefix: { 1: "fault", 2: "fault", 3: "continue", ...refusals },
  /** USER, PASS and ACCT: logged in, or the next secret. */
  login: { 1: "fault", 2: "success", 3: "continue", ...refusals },
  /** AUTH and ADAT: accepted, or the next token. */
  security: { 1: "fault", 2: "success", 3: "continue", ...refusals },
  /** The greeting: 120 announces a delay, 220 is the server ready (RFC 959 §5.4). */
  greeting: { 1: "preliminary", 2: "success", 3: "fault", ...refusals },
} as const satisfies Record<string, Meanings>;

export type ReplyGroup = keyof typeof replyModel;

/** Reads a code by its first digit, so that codes that nobody has met yet work (R-959-10); 6yz belong in envelopes. */
export function meaningOf(group: ReplyGroup, code: number): ReplyMeaning {
  const meanings: Meanings = replyModel[group];
  return meanings[Math.floor(code / 100) as 1] ?? "fault";
}

/**
 * Verbs whose command may be sent before the one ahead of it was answered: they leave no trace in the server's state, so
 * that a refusal of one says nothing about the next. Servers that drop input behind a command are known, hence never by
 * default.
 */
export const pipelinedVerbs: ReadonlySet<string> = new Set([
  "HASH",
  "MDTM",
  "MFMT",
  "MLST",
  "NOOP",
  "PWD",
  "SIZE",
  "STAT",
]);

/** Verbs that may be sent again on a new connection without a look at what the first time did (R-CLI-05). */
export const repeatableVerbs: ReadonlySet<string> = new Set([
  ...pipelinedVerbs,
  "CWD",
  "FEAT",
  "HELP",
  "LIST",
  "MLSD",
  "NLST",
  "RETR",
  "SYST",
]);
