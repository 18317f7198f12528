export { connect } from "./connect.ts";
export { Client, type ListOptions, type OperationOptions, type TransferOptions, type WriteOptions } from "./client.ts";
export type { ClientOptions, DataWishes, Timeouts, TlsWishes } from "./options.ts";
export {
  ClientConnection,
  type ConnectionEnd,
  type ConnectionOptions,
  type ConnectionTarget,
  type RequestOptions,
  type TransferOrder,
  type TransferOutcome,
} from "./connection/client-connection.ts";
export type { Moved, Mover, PortRange } from "./connection/data-task.ts";
export type { Entry, ModifiedTime } from "./listing/entry.ts";
export { ConnectionPool, type Lease, type PoolOptions } from "./pool/connection-pool.ts";
export type { Progress, OnProgress } from "./transfer/progress.ts";
export type { ReadRange } from "./transfer/read.ts";
export type { Writable } from "./transfer/write.ts";
export type { RemoteHash } from "./operations/hash.ts";
export { formatFtpUrl, type FtpUrl, isUrlFailure, parseFtpUrl, type UrlFailure } from "./url/ftp-url.ts";
export { type NameCodec, nameCodec } from "./names/name-codec.ts";
export { type LocalName, localName, localNameRules, remoteName } from "./names/local-name.ts";
