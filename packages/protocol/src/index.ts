export * from "./addresses.ts";
export * from "./arguments.ts";
export * from "./command-decoder.ts";
export * from "./command.ts";
export * from "./digest-argument.ts";
export * from "./endpoints.ts";
export * from "./entry-line.ts";
export * from "./errors.ts";
export * from "./facts.ts";
export * from "./limits.ts";
export * from "./local-file-systems.ts";
export {
  type EntryName,
  entryName,
  type EntryType,
  type ListingFamilyName,
  type ParsedEntry,
} from "./listing/entry.ts";
export {
  type ListedTime,
  precisionMs,
  type ResolvedTime,
  resolveListedTime,
  type TimePrecision,
  withYear,
} from "./listing/listed-time.ts";
export { ListingReader, type ListingReaderOptions, type UnparsedLines } from "./listing/listing-reader.ts";
export { componentOfPath, parseNameLine } from "./listing/name-list.ts";
export { parseListingLine } from "./listing/parse-line.ts";
export * from "./listing/unix-listing.ts";
export * from "./octets.ts";
export * from "./paths.ts";
export * from "./proxy-protocol.ts";
export * from "./reply.ts";
export * from "./server-pi-state.ts";
export * from "./server-pi.ts";
export * from "./time-value.ts";
export * from "./tls/alerts.ts";
export * from "./tls/clear-messages.ts";
export * from "./tls/client-hello.ts";
export * from "./tls/dissector.ts";
export * from "./tls/handshake.ts";
export * from "./tls/names.ts";
export * from "./tls/records.ts";
export * from "./tls/sealed-messages.ts";
export * from "./tls/server-hello.ts";
export * from "./tls/suites.ts";
export * from "./transcript.ts";
export * from "./transfer-parameters.ts";
export * from "./verbs.ts";
export * from "./representation/ascii.ts";
export * from "./transformer.ts";
export * from "./transfer-encoding.ts";
export * from "./glob.ts";
export * from "./reply-decoder.ts";
export * from "./security-envelope.ts";
export * from "./data-blocks.ts";
export * from "./reply-model.ts";
export * from "./user-pi.ts";
export * from "./user-pi-failure.ts";
export * from "./user-pi-intake.ts";
export {
  type AuthMechanism,
  type Between,
  type Credentials,
  type DataEndpoint,
  type DataOutcome,
  type DataProtection,
  type Features,
  type HostMemory,
  type TimerName,
  type TransferRequest,
  type UserPi,
  type UserPiEffect,
  type UserPiEvent,
  type UserPiPolicy,
  type UserPiStart,
  type UserRequest,
} from "./user-pi-state.ts";
