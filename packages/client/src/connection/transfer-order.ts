import type { ReceivedReply, TransferRequest } from "@sallyport/protocol";

/** What a transfer asks for; its direction follows from the verb. */
export type TransferOrder = Omit<TransferRequest, "kind" | "id" | "direction" | "between">;

/** What one of two servers is asked that move a file between them. */
export type BetweenOrder = TransferOrder & Required<Pick<TransferRequest, "between">>;

export interface TransferOutcome {
  readonly reply: ReceivedReply;
  /** Octets that moved on the data connection. */
  readonly bytes: number;
  /** Whether TLS on the data connection was resumed from the control connection; undefined in clear. */
  readonly resumed: boolean | undefined;
}

/** Which way the octets of a transfer go follows from its verb. */
export function directionOf({ verb }: TransferOrder): TransferRequest["direction"] {
  return uploadVerbs.has(verb) ? "upload" : "download";
}

const uploadVerbs: ReadonlySet<string> = new Set(["STOR", "APPE", "STOU"]);
