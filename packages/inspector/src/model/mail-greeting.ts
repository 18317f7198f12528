/**
 * Whether a greeting is one of a mail server, which says 220 as well: all of them name the protocol behind the host
 * (RFC 5321 §4.2, RFC 2033). Names of hosts are written in small letters and not taken for it.
 */
export function greetsAsMail(line: string): boolean {
  return /\b(?:E?SMTP|LMTP)\b/.test(line);
}
