import { displayOctets, type Octets } from "./octets.ts";

/** One line of the dialogue on a control connection, fit to be shown: secrets masked, control characters escaped. */
export interface TranscriptLine {
  /** Milliseconds on a clock of the observer's choice. */
  readonly atMs: number;
  readonly direction: "command" | "reply";
  readonly text: string;
}

/** Makes a transcript line of a command line without its CRLF. */
export function transcriptCommand(atMs: number, line: Octets): TranscriptLine {
  return { atMs, direction: "command", text: displayOctets(maskCommandLine(line)) };
}

/** Makes a transcript line of one line of a reply without its CRLF. */
export function transcriptReply(atMs: number, line: Octets): TranscriptLine {
  return { atMs, direction: "reply", text: displayOctets(maskReplyLine(line)) };
}

/**
 * Replaces what must not be recorded: passwords and accounts, security tokens, and the commands inside MIC, CONF and
 * ENC, which may be a PASS. Verbs match in any case, after any leading spaces and Telnet commands, and whatever
 * separates them from the secret, so that a sloppy line does not give away more than a well-formed one. Passwords typed
 * where a verb belongs are not recognised (R-1123-11, R-CLI-08).
 */
export function maskCommandLine(line: Octets): Octets {
  const secret = /^(?:[^A-Za-z]*)(?:PASS|ACCT|ADAT|MIC|CONF|ENC|SITE +(?:PSWD|PASSWD))(?![A-Za-z])/i.exec(line);
  return secret === null || secret[0].length === line.length ? line : (`${secret[0]} ****` as Octets);
}

/** Replaces security tokens in replies 334, 335 and 235, and the replies inside 631, 632 and 633 (RFC 2228). */
export function maskReplyLine(line: Octets): Octets {
  return line.replace(/^(63[123][ -]).+$/s, "$1****").replace(/ADAT=.+$/is, "ADAT=****") as Octets;
}
