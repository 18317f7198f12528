import { type Octets, PeerIncompatible, PeerViolation } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { RequestOptions } from "../connection/connection-options.ts";
import { isUnsupported, unlessRefused } from "./refusal.ts";

/** The digest of a file as the server computed it. */
export interface RemoteHash {
  /** As the IANA registry names it: `SHA-256`; `CRC32` for the checksum. */
  readonly algorithm: string;
  /** Lower case. */
  readonly hex: string;
  readonly command: string;
}

/**
 * Asks the server for a file's digest: HASH, else one of the X-commands (draft-bryan-ftpext-hash; the others are older
 * and nobody's standard). Without `algorithm` it is the strongest that is offered.
 *
 * @throws {PeerIncompatible} `SALLYPORT_HASH_UNAVAILABLE` where the server offers none that is wanted
 */
export async function hash(
  connection: ClientConnection,
  path: Octets,
  { algorithm, ...options }: RequestOptions & { readonly algorithm?: string | undefined },
): Promise<RemoteHash> {
  const { known } = connection;
  // What FEAT names is not always computed; what worked once is asked for at once.
  const learnt = known.fact("hash");
  const wanted = algorithm !== undefined ? [algorithm.toUpperCase()] : learnt === undefined ? strength : [learnt];
  for (const name of wanted) {
    const way = offeredHashes(connection).get(name);
    if (way === undefined) continue;
    if (
      way === "HASH" &&
      (await unlessRefused(connection.command("OPTS", `HASH ${name}` as Octets, options))) === undefined
    ) {
      continue;
    }
    const reply = await connection.command(way, path, options).catch((error: unknown) => {
      if (algorithm !== undefined || !isUnsupported(error)) throw error;
    });
    if (reply === undefined) continue;
    const { lines } = reply;
    const hex = hexOf(lines.join(" "), name);
    if (hex === undefined) throw new PeerViolation("SALLYPORT_HASH_UNREADABLE", `The reply to ${way} holds no ${name}`);
    if (algorithm === undefined) known.learn("hash", name, `${way}: ${reply.code} ${lines.at(-1) ?? ""}`);
    return { algorithm: name, hex, command: way };
  }
  throw new PeerIncompatible("SALLYPORT_HASH_UNAVAILABLE", `The server computes no ${algorithm ?? "digest"}`);
}

const strength = ["SHA-512", "SHA-256", "SHA-1", "MD5", "CRC32"];
const hexLengths: Readonly<Record<string, number>> = { "SHA-512": 128, "SHA-256": 64, "SHA-1": 40, MD5: 32, CRC32: 8 };
const xCommands: readonly (readonly [verb: string, algorithm: string])[] = [
  ["XSHA512", "SHA-512"],
  ["XSHA256", "SHA-256"],
  ["XSHA1", "SHA-1"],
  ["XSHA", "SHA-1"],
  ["XMD5", "MD5"],
  ["MD5", "MD5"],
  ["XCRC", "CRC32"],
];

/** The algorithms that a server offers, with the command that computes each. */
export function offeredHashes({ features }: Pick<ClientConnection, "features">): ReadonlyMap<string, string> {
  const ways = new Map<string, string>();
  for (const name of features.get("HASH")?.split(";") ?? []) {
    if (name !== "") ways.set(name.replace("*", "").toUpperCase(), "HASH");
  }
  for (const [verb, algorithm] of xCommands) if (features.has(verb) && !ways.has(algorithm)) ways.set(algorithm, verb);
  return ways;
}

function hexOf(text: string, algorithm: string): string | undefined {
  const length = hexLengths[algorithm];
  const words = text.split(/[\s"]+/).filter((word) => /^[\da-f]+$/i.test(word));
  const hex = length === undefined ? words.at(-1) : words.find((word) => word.length === length);
  // Some servers leave out leading zeros of a CRC.
  if (hex !== undefined || algorithm !== "CRC32") return hex?.toLowerCase();
  return words
    .find((word) => word.length < 8)
    ?.padStart(8, "0")
    .toLowerCase();
}
