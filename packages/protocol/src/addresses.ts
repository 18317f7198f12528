/**
 * Reads the text of an IP address and writes it in its one canonical form, so that addresses can be compared as text:
 * IPv4 as four decimals, IPv6 as RFC 5952 says, and an IPv4-mapped IPv6 address (`::ffff:192.0.2.1`, in any spelling)
 * as the IPv4 address that it is. A zone (`fe80::1%eth0`) is kept. Undefined for everything else: octal, hexadecimal
 * and short IPv4 forms (`0177.0.0.1`, `127.1`), brackets, host names (S-06).
 */
export function normaliseAddress(text: string): string | undefined {
  if (isIpv4(text)) return text;
  const [address = "", zone, ...rest] = text.split("%");
  const groups = ipv6Groups(address);
  if (groups === undefined || rest.length > 0 || zone === "") return undefined;
  if (zone !== undefined) return `${formatIpv6(groups)}%${zone}`;
  const isMapped = groups.every((group, at) => (at < 5 ? group === 0 : at > 5 || group === 0xffff));
  return isMapped ? formatIpv4(groups[6] ?? 0, groups[7] ?? 0) : formatIpv6(groups);
}

/** Whether the text is four decimals 0–255 without leading zeros, which inet_aton would read as octal. */
export function isIpv4(text: string): boolean {
  return ipv4Pattern.test(text);
}

const octetPattern = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ipv4Pattern = new RegExp(`^${octetPattern}(?:\\.${octetPattern}){3}$`);

/** The eight groups of an IPv6 address (RFC 4291 §2.2), or undefined. */
function ipv6Groups(text: string): readonly number[] | undefined {
  const halves = text.split("::");
  if (text.length > 45 || halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, at) => groupsOf(half, at === halves.length - 1));
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  if (tail === undefined) return head.length === 8 ? head : undefined;
  const zeros = 8 - head.length - tail.length;
  return zeros < 1 ? undefined : [...head, ...Array.from({ length: zeros }, () => 0), ...tail];
}

/** The groups on one side of `::`; dotted decimals may stand at the very end of an address. */
function groupsOf(text: string, isLast: boolean): readonly number[] | undefined {
  if (text === "") return [];
  const words = text.split(":");
  const groups: number[] = [];
  for (const [at, word] of words.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(word)) groups.push(Number.parseInt(word, 16));
    else if (isLast && at === words.length - 1 && isIpv4(word)) {
      const [a = 0, b = 0, c = 0, d = 0] = word.split(".").map(Number);
      groups.push(a * 256 + b, c * 256 + d);
    } else return undefined;
  }
  return groups;
}

function formatIpv4(high: number, low: number): string {
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/** RFC 5952 §4: lower case, no leading zeros, the first of the longest runs of two or more zeros as `::`. */
function formatIpv6(groups: readonly number[]): string {
  let longestAt = -1;
  let longest = 1;
  for (let at = 0, run = 0; at < groups.length; at++) {
    run = groups[at] === 0 ? run + 1 : 0;
    if (run > longest) [longest, longestAt] = [run, at - run + 1];
  }
  const words = groups.map((group) => group.toString(16));
  if (longestAt < 0) return words.join(":");
  return `${words.slice(0, longestAt).join(":")}::${words.slice(longestAt + longest).join(":")}`;
}

/** What an attacker has one of: an IPv4 address, or the /64 that a host chooses its IPv6 addresses from. */
export function hostKey(remoteAddress: string): string {
  const address = normaliseAddress(remoteAddress) ?? remoteAddress;
  // On a link all hosts share one prefix.
  if (!address.includes(":") || address.startsWith("fe80:")) return address;
  const [head = [], tail] = address.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const zeros = tail === undefined ? 0 : 8 - head.length - tail.length;
  const groups = [...head, ...Array.from({ length: zeros }, () => "0"), ...(tail ?? [])];
  return `${groups.slice(0, 4).join(":")}::/64`;
}
