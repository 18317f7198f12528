import type { LimitValues } from "@sallyport/protocol";
import type { ByteThrottle } from "@sallyport/transport";
import type { ConnectionPool } from "../pool/connection-pool.ts";

/** The server of a transfer, with what all of a client's transfers share. */
export interface TransferSite {
  readonly pool: ConnectionPool;
  readonly limits: LimitValues;
  readonly throttle: ByteThrottle | undefined;
  /** `user@host:port`. */
  readonly server: string;
}
