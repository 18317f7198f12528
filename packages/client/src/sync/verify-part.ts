import { IntegrityError, type Octets } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import { type ReadLocal, RunningDigest } from "../transfer/file-digest.ts";
import { digestFor, verifyContent } from "../transfer/verify.ts";
import type { RemoteSide } from "./remote-side.ts";
import { askedAgain } from "./source-changed.ts";

export interface JoinedFile {
  readonly octets: Octets;
  readonly size: number;
  /** Where it was gone on with. */
  readonly seam: number;
  readonly local: ReadLocal;
}

/**
 * Compares a file that came in several parts with what it was made of: by a digest where the server computes one,
 * otherwise by samples, at the seam first; where it lets nothing be read back, its size has to do.
 *
 * @throws {IntegrityError} `SALLYPORT_INTEGRITY_CONTENT`, to be asked again from the beginning
 */
export async function demandAlike(
  { limits, signal }: Pick<RemoteSide, "limits" | "signal">,
  connection: ClientConnection,
  { octets, size, seam, local }: JoinedFile,
): Promise<void> {
  const mode = "auto";
  const algorithm = digestFor(connection, mode);
  const digest = algorithm === undefined ? undefined : new RunningDigest(algorithm);
  try {
    await verifyContent(connection, octets, { mode, size, seams: [seam], local, digest, limits, signal });
  } catch (error) {
    throw error instanceof IntegrityError ? askedAgain(error) : error;
  }
}
