import type { LimitValues } from "@sallyport/protocol";

/** How a password was hashed. New hashes are argon2id; the others come from imports. */
export type PasswordScheme = "argon2id" | "bcrypt" | "sha256-crypt" | "sha512-crypt" | "md5-crypt" | "apr1" | "sha1";

/** Why no password can ever match a stored hash. */
export type PasswordHashRefusal = "empty" | "unknown-scheme" | "malformed" | "too-costly";

/** The parameters of an argon2id hash (RFC 9106 §3.1); memory in KiB. */
export interface Argon2idHash {
  readonly scheme: "argon2id";
  readonly memoryKib: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Uint8Array;
  readonly tag: Uint8Array;
}

/** A hash that was taken over from another program, checked as far as its cost and alphabet. */
export interface ForeignHash {
  readonly scheme: Exclude<PasswordScheme, "argon2id">;
  readonly text: string;
}

export type PasswordHash = Argon2idHash | ForeignHash;

type HashLimits = Pick<
  LimitValues,
  "argon2MemoryBytes" | "argon2WorkBytes" | "bcryptCostCount" | "shaCryptRoundsCount"
>;

/**
 * Reads a stored hash and bounds what checking it can cost: a hash that asks for 999,999,999 rounds or for all memory
 * is `too-costly`, whoever wrote it. Known: argon2id in PHC form, `$2a$ $2b$ $2y$`, `$5$ $6$`, `$1$`, `$apr1$` and
 * htpasswd's `{SHA}`. DES, yescrypt and plain text are `unknown-scheme`.
 */
export function parsePasswordHash(text: string, limits: HashLimits): PasswordHash | PasswordHashRefusal {
  if (text === "") return "empty";
  for (const [prefix, parse] of schemes) if (text.startsWith(prefix)) return parse(text, limits);
  return "unknown-scheme";
}

/** Tells a usable hash from the reason why there is none. */
export function isPasswordHash(hash: PasswordHash | PasswordHashRefusal): hash is PasswordHash {
  return typeof hash === "object";
}

/** Writes an argon2id hash in PHC form, as the reference implementation prints it. */
export function formatArgon2id(hash: Argon2idHash): string {
  const { memoryKib, passes, parallelism } = hash;
  const parameters = `m=${memoryKib},t=${passes},p=${parallelism}`;
  return `$argon2id$v=19$${parameters}$${unpaddedBase64(hash.salt)}$${unpaddedBase64(hash.tag)}`;
}

type SchemeParser = (text: string, limits: HashLimits) => PasswordHash | PasswordHashRefusal;

const schemes: readonly (readonly [prefix: string, parse: SchemeParser])[] = [
  ["$argon2id$", parseArgon2id],
  ["$2a$", parseBcrypt],
  ["$2b$", parseBcrypt],
  ["$2y$", parseBcrypt],
  ["$5$", parseShaCrypt("sha256-crypt", 43)],
  ["$6$", parseShaCrypt("sha512-crypt", 86)],
  ["$1$", parseMd5Crypt("md5-crypt", /^\$1\$[^$:\s]{0,8}\$[./0-9A-Za-z]{22}$/)],
  ["$apr1$", parseMd5Crypt("apr1", /^\$apr1\$[^$:\s]{0,8}\$[./0-9A-Za-z]{22}$/)],
  ["{SHA}", parseSha1],
];

const argon2idForm =
  /^\$argon2id\$v=19\$m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

function parseArgon2id(text: string, limits: HashLimits): PasswordHash | PasswordHashRefusal {
  const [, memory, passesText, lanes, saltText, tagText] = argon2idForm.exec(text) ?? [];
  if (saltText === undefined || tagText === undefined) return "malformed";
  const salt = Buffer.from(saltText, "base64");
  const tag = Buffer.from(tagText, "base64");
  const memoryKib = Number(memory);
  const passes = Number(passesText);
  const parallelism = Number(lanes);
  // RFC 9106 §3.1: at least one pass, one lane, and 8 KiB for each lane.
  if (passes < 1 || parallelism < 1 || memoryKib < 8 * parallelism) return "malformed";
  const memoryBytes = memoryKib * 1024;
  const isTooLarge = memoryBytes > limits.argon2MemoryBytes || memoryBytes * passes > limits.argon2WorkBytes;
  return isTooLarge || parallelism > 64
    ? "too-costly"
    : { scheme: "argon2id", memoryKib, passes, parallelism, salt, tag };
}

function parseBcrypt(text: string, limits: HashLimits): PasswordHash | PasswordHashRefusal {
  const [, costText] = /^\$2[aby]\$(\d\d)\$[./0-9A-Za-z]{53}$/.exec(text) ?? [];
  const cost = Number(costText);
  if (costText === undefined || cost < 4 || cost > 31) return "malformed";
  return cost > limits.bcryptCostCount ? "too-costly" : { scheme: "bcrypt", text };
}

function parseShaCrypt(scheme: "sha256-crypt" | "sha512-crypt", digestLength: number): SchemeParser {
  const form = new RegExp(`^\\$[56]\\$(?:rounds=(\\d{4,10})\\$)?[^$:\\s]{0,16}\\$[./0-9A-Za-z]{${digestLength}}$`);
  return (text, limits) => {
    const match = form.exec(text);
    if (match === null) return "malformed";
    const rounds = Number(match[1] ?? 5000);
    // Fewer than 1000 are never written: crypt(3) raises them and prints 1000.
    if (rounds < 1000) return "malformed";
    return rounds > limits.shaCryptRoundsCount ? "too-costly" : { scheme, text };
  };
}

function parseMd5Crypt(scheme: "md5-crypt" | "apr1", form: RegExp): SchemeParser {
  return (text) => (form.test(text) ? { scheme, text } : "malformed");
}

function parseSha1(text: string): PasswordHash | PasswordHashRefusal {
  return /^\{SHA\}[A-Za-z0-9+/]{27}=$/.test(text) ? { scheme: "sha1", text } : "malformed";
}

function unpaddedBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}
