import type { ReceivedReply } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { TransferOutcome } from "../connection/transfer-order.ts";
import { withRetry } from "../pool/retry.ts";
import type { OnConflict } from "./conflict.ts";
import type { ProgressMeter } from "./progress.ts";
import type { TransferSite } from "./site.ts";
import type { Verification, VerifyMode } from "./verify.ts";

/** What may be wished of a file on its way, in either direction. */
export interface FileWishes {
  /** Default `size`; `auto` where a part was gone on with, or two did not overlap. */
  readonly verify?: VerifyMode | undefined;
  /** Default `overwrite`. */
  readonly onConflict?: OnConflict | undefined;
  /** `A` turns the ends of lines into CR LF on the wire and LF here; nothing can be resumed or compared then. Default `I`. */
  readonly type?: "I" | "A" | undefined;
}

export interface FileTransferOptions {
  readonly signal?: AbortSignal | undefined;
  readonly meter: ProgressMeter;
}

/** What came of moving one file. */
export interface FileOutcome {
  /** Octets that moved now. */
  readonly bytes: number;
  /** Octets that were there before. */
  readonly resumedFrom: number;
  readonly verified: Verification;
  /** The name that the file got; another one than was asked for by the policy `rename`. */
  readonly path: string;
  /** Why nothing was moved; absent where the file is there now. */
  readonly skipped?: string;
  /** The last completion reply; absent where nothing had to be moved. */
  readonly reply?: ReceivedReply;
  /** Whether TLS on the last data connection was resumed from the control connection; undefined in clear. */
  readonly resumed?: boolean | undefined;
}

/** A file on its way, which takes as many attempts as it needs and knows what the ones before have moved. */
export interface FileTransfer {
  attempt(connection: ClientConnection): Promise<FileOutcome>;
  /** Whether more has moved than after the attempt before. */
  hasProgressed(): boolean;
}

/** Lets a transfer try on connections of the pool until it succeeds, or fails for good. */
export async function carryThrough(
  { pool, limits }: TransferSite,
  transfer: FileTransfer,
  signal: AbortSignal | undefined,
): Promise<FileOutcome> {
  const attempt = async (): Promise<FileOutcome> => {
    using lease = await pool.lease({ signal });
    return await transfer.attempt(lease.connection);
  };
  return await withRetry(attempt, { limits, signal, repeatable: true, hasProgressed: () => transfer.hasProgressed() });
}

/** The outcome with what the last data connection tells, where there was one. */
export function fileOutcome(
  moved: Pick<FileOutcome, "bytes" | "resumedFrom" | "verified" | "path">,
  { last, skipped }: { readonly last: TransferOutcome | undefined; readonly skipped?: string | undefined },
): FileOutcome {
  return {
    ...moved,
    ...(skipped !== undefined && { skipped }),
    ...(last && { reply: last.reply, resumed: last.resumed }),
  };
}
