/** What is found where WinSCP keeps a password. */
export type WinScpPassword =
  | { readonly kind: "password"; readonly password: string }
  /** Encrypted with a master password. */
  | { readonly kind: "protected" }
  | { readonly kind: "unreadable" };

/**
 * Undoes how WinSCP hides passwords in its settings: hexadecimal octets, each the complement of the octet XOR A3. The
 * first says which form it is (FF, then 00 and a length of one octet, 01 for encryption by a master password, 02 and a
 * length of two; else it is the length itself, as in old versions), then comes how many random octets follow, then user
 * name, host and password as UTF-8. `key` is user name and host: where they do not match, it is another site's password.
 */
export function decodeWinScpPassword(hidden: string, key: string): WinScpPassword {
  if (!/^(?:[0-9A-F]{2})+$/.test(hidden)) return { kind: "unreadable" };
  const octets = Array.from(Buffer.from(hidden, "hex"), (octet) => ~(octet ^ magic) & 0xff);
  const [flag = 0, form = 0] = octets;
  if (flag === extended && form === encrypted) return { kind: "protected" };
  const head = flag === extended ? headLengths.get(form) : 1;
  if (head === undefined) return { kind: "unreadable" };
  const lengthAt = head === 1 ? 0 : 2;
  const length = octets.slice(lengthAt, head).reduce((sum, octet) => sum * 256 + octet, 0);
  const start = head + 1 + (octets[head] ?? 0);
  const content = Buffer.from(octets.slice(start, start + length));
  if (content.length !== length) return { kind: "unreadable" };
  const text = content.toString();
  if (flag !== extended) return { kind: "password", password: text };
  return text.startsWith(key) ? { kind: "password", password: text.slice(key.length) } : { kind: "unreadable" };
}

const magic = 0xa3;
const extended = 0xff;
const encrypted = 0x01;

/** Octets of flag, form and length. */
const headLengths: ReadonlyMap<number, number> = new Map([
  [0x00, 3],
  [0x02, 4],
]);
