import type { Octets } from "./octets.ts";

/** Says what stands on the port, where a line that is no reply is known to be how another protocol begins. */
export function foreignGreeting(line: Octets): { readonly message: string } | undefined {
  const [, protocol] = beginnings.find(([beginning]) => beginning.test(line)) ?? [];
  return protocol === undefined ? undefined : { message: `The server speaks ${protocol}, not FTP` };
}

const beginnings: readonly (readonly [beginning: RegExp, protocol: string])[] = [
  [/^HTTP\/\d/, "HTTP"],
  [/^SSH-\d/, "SSH"],
  [/^\+OK\b/, "POP3"],
  [/^\* (?:OK|PREAUTH|BYE)\b/, "IMAP"],
];
