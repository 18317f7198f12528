export {
  CommandRefused,
  type DialogueError,
  IntegrityError,
  isDialogueError,
  isSallyportError,
  PeerIncompatible,
  PeerViolation,
  type ReceivedReply,
  SallyportError,
  TlsError,
  TransportError,
  UsageError,
} from "@sallyport/protocol";
export { connect } from "./connect.ts";
export {
  Client,
  type FxpTreeWishes,
  type ListOptions,
  type OperationOptions,
  type ProgressOptions,
  type WriteOptions,
} from "./client.ts";
export type { ClientOptions, DataWishes, GssapiWishes, Timeouts, TlsWishes } from "./options.ts";
export { ClientConnection } from "./connection/client-connection.ts";
export type {
  ConnectionEnd,
  ConnectionOptions,
  ConnectionTarget,
  RequestOptions,
  TransferWishes,
} from "./connection/connection-options.ts";
export type { TransferOrder, TransferOutcome } from "./connection/transfer-order.ts";
export type { ConnectDecision } from "./connection/security-choice.ts";
export type { CompressionWish } from "./compression/compression.ts";
export type { DataMoves } from "./compression/deflated-data.ts";
export type { Moved, Mover, PortRange } from "./connection/data-task.ts";
export type { FxpOutcome, FxpRoute, FxpWishes } from "./fxp/fxp.ts";
export type { FxpStep } from "./fxp/fxp-tree.ts";
export type { Side, Way } from "./fxp/ways.ts";
export type { Entry, ModifiedTime } from "./listing/entry.ts";
export { ConnectionPool, type Lease, type PoolOptions } from "./pool/connection-pool.ts";
export {
  type Conflict,
  type ConflictPolicy,
  freeName,
  type KnownFile,
  type OnConflict,
  resolveConflict,
} from "./transfer/conflict.ts";
export type { DownloadWishes } from "./transfer/download.ts";
export type { FileOutcome, FileWishes } from "./transfer/file-transfer.ts";
export type { UploadWishes } from "./transfer/upload.ts";
export type { Verification, VerifyMode } from "./transfer/verify.ts";
export { type Progress, type OnProgress, ProgressMeter } from "./transfer/progress.ts";
export { type PieceOptions, type PiecewiseSource, UploadInPieces } from "./transfer/upload-in-pieces.ts";
export { explainFailure } from "./explain/explain-failure.ts";
export { causeGroups } from "./explain/causes.ts";
export type {
  ClientHelp,
  Clue,
  ExplainedCause,
  FailureCause,
  FailureCircumstances,
  FailureExplanation,
  FailureFacts,
  Fixer,
  Likelihood,
  ServerSetting,
} from "./explain/explanation.ts";
export { type DetectedProduct, type ServerProductName, settingPlaces } from "./explain/server-product.ts";
export type { ReadRange } from "./transfer/read.ts";
export type { Writable } from "./transfer/write.ts";
export type { RemoteHash } from "./operations/hash.ts";
export { formatFtpUrl, type FtpUrl, isUrlFailure, parseFtpUrl, type UrlFailure } from "./url/ftp-url.ts";
export { type NameCodec, nameCodec, nameOfLocal } from "./names/name-codec.ts";
export { fileSystemPath, type LocalName, localName, localNameRules, remoteName } from "./names/local-name.ts";
export {
  type ActionJson,
  actionToJson,
  changesTarget,
  type ConflictReason,
  type FileFacts,
  resolveHash,
  type SkipReason,
  type SyncAction,
} from "./sync/action.ts";
export type { CompareBy } from "./sync/compare.ts";
export {
  compileFilter,
  type EntryFilter,
  type FilterFailure,
  type FilterOptions,
  type FilterRule,
  isFilterFailure,
} from "./sync/filter.ts";
export { type BegunTransfer, journalKey, SyncJournal } from "./sync/journal.ts";
export { LocalTree, type LocalTreeOptions } from "./sync/local-tree.ts";
export { planActions, type PlanSummary, planSync, type SyncPlan, type Tree } from "./sync/plan.ts";
export type { PlanOptions } from "./sync/plan-options.ts";
export { treeEntryOf } from "./sync/remote-tree.ts";
export type { LocalPlace, RemotePlace, SyncOptions, SyncProgress, SyncStep } from "./sync/sync-options.ts";
export type { EntryTime, TreeEntry, TreeItem, UnlistedDirectory } from "./sync/tree.ts";
export {
  type Bookmark,
  bookmarkTitle,
  bookmarkUrl,
  type ImportedBookmarks,
  type ImportFailure,
  type ImportOptions,
  isImportFailure,
} from "./bookmarks/bookmark.ts";
export { type AddOptions, bookmarkFile, type BookmarkFile } from "./bookmarks/bookmark-file.ts";
export { parseFileZillaSites } from "./bookmarks/filezilla.ts";
export { parseLftpBookmarks } from "./bookmarks/lftp.ts";
export { parseWinScpSites } from "./bookmarks/winscp.ts";
export {
  inferZone,
  offsetMinutesOf,
  resolveWallClock,
  type ServerZone,
  type ZoneInference,
  type ZoneSample,
  zoneSample,
} from "./listing/time-zone.ts";
export { KnownServer } from "./profile/known-server.ts";
export { profileFile, type ProfileStore } from "./profile/profile-file.ts";
export {
  type FactName,
  factOf,
  learnFact,
  type LearnedFact,
  type ServerFacts,
  serverFingerprint,
  type ServerProfile,
} from "./profile/server-profile.ts";
export {
  downgradeOf,
  lastTlsMode,
  type RememberedHost,
  rememberSecurity,
  type SecurityObservation,
} from "./trust/host-memory.ts";
export { hostMemoryFile, type HostMemoryStore } from "./trust/host-memory-file.ts";
