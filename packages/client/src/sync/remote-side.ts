import type { LimitValues, Octets } from "@sallyport/protocol";
import type { ByteThrottle } from "@sallyport/transport";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { ServerClock } from "../listing/server-clock.ts";
import { isSendable, type NameCodec, octetsToSend } from "../names/name-codec.ts";
import { childPath } from "../names/remote-path.ts";
import { unlessRefused } from "../operations/refusal.ts";
import { sizeOf, stat, timeOf } from "../operations/stat.ts";
import type { ConnectionPool, Lease } from "../pool/connection-pool.ts";
import { withRetry } from "../pool/retry.ts";
import type { FileFacts } from "./action.ts";

/** A directory of the server as one side of a mirror. */
export class RemoteSide {
  readonly root: Octets;
  readonly pool: ConnectionPool;
  readonly names: NameCodec;
  readonly limits: LimitValues;
  readonly signal: AbortSignal;
  readonly clock: ServerClock;
  /** Shared with the client's other transfers. */
  readonly throttle: ByteThrottle | undefined;

  constructor(parts: RemoteSideParts) {
    this.root = octetsToSend(parts.root, parts.names);
    this.pool = parts.pool;
    this.names = parts.names;
    this.limits = parts.limits;
    this.signal = parts.signal;
    this.clock = parts.clock;
    this.throttle = parts.throttle;
  }

  /** The path to send for a tree path. */
  octetsOf(path: string): Octets {
    return path === "" ? this.root : childPath(this.root, octetsToSend(path, this.names));
  }

  /** Whether the server can be told of a name, as `PlanOptions.acceptsName` asks. */
  acceptsName(name: string): boolean {
    return isSendable(name, this.names);
  }

  /** Works on a connection; what failed and may be asked again is, on another one. */
  use<T>(work: (connection: ClientConnection) => Promise<T>): Promise<T> {
    const { limits, signal } = this;
    return withRetry(
      async () => {
        using lease: Lease = await this.pool.lease({ signal });
        return await work(lease.connection);
      },
      { limits, signal, repeatable: true },
    );
  }

  /** Size and time of a file, as exactly as the server tells them; nothing where it refuses. */
  async exactFacts(connection: ClientConnection, path: string): Promise<FileFacts> {
    const [octets, options] = [this.octetsOf(path), { signal: this.signal }];
    const isListed = connection.features.has("MLST");
    const entry = isListed ? await unlessRefused(stat(connection, octets, options)) : undefined;
    const sizeBytes = entry === undefined ? await sizeOf(connection, octets, options) : entry.size;
    const time = entry === undefined ? await timeOf(connection, octets, options) : entry.time;
    const modified = time && this.clock.place(time);
    return {
      ...(sizeBytes !== undefined && { sizeBytes }),
      ...(modified !== undefined && { modified: { ...modified, precisionMs: Math.max(modified.precisionMs, 1000) } }),
    };
  }
}

export interface RemoteSideParts {
  readonly root: string;
  readonly pool: ConnectionPool;
  readonly names: NameCodec;
  readonly limits: LimitValues;
  readonly signal: AbortSignal;
  readonly clock: ServerClock;
  readonly throttle: ByteThrottle | undefined;
}
