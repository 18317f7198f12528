import { SallyportError } from "@sallyport/protocol";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { crc32 } from "node:zlib";
import { hash } from "../operations/hash.ts";
import type { RemoteSide } from "./remote-side.ts";

/** Compares a file of the server with a local one by their digests; undefined where the server computes none. */
export async function hashesAlike(
  remote: RemoteSide,
  path: string,
  local: string | Buffer,
): Promise<boolean | undefined> {
  try {
    const { algorithm, hex } = await remote.use((connection) =>
      hash(connection, remote.octetsOf(path), { signal: remote.signal }),
    );
    return (await localDigest(local, algorithm, remote.signal)) === hex;
  } catch (error) {
    if (error instanceof SallyportError && error.code === "SALLYPORT_HASH_UNAVAILABLE") return undefined;
    throw error;
  }
}

/** A file's digest by the name that the server gave the algorithm, in lower-case hex. */
async function localDigest(path: string | Buffer, algorithm: string, signal: AbortSignal): Promise<string> {
  const chunks: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 1_048_576, signal });
  if (algorithm === "CRC32") {
    let crc = 0;
    for await (const chunk of chunks) crc = crc32(chunk, crc);
    return crc.toString(16).padStart(8, "0");
  }
  const digest = createHash(algorithm.toLowerCase().replace("-", ""));
  for await (const chunk of chunks) digest.update(chunk);
  return digest.digest("hex");
}
