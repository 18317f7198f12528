export {
  type ConnectionActivity,
  type ConnectionSelector,
  type ConnectionStatus,
  type RunningTransfer,
  selects,
} from "./connection/connection-status.ts";
export * from "./ledger/ledger.ts";
export { OwnLedger } from "./ledger/own-ledger.ts";
export { bindListener, type BoundListener } from "./listener.ts";
export { parsePrincipals } from "./login/principals.ts";
export * from "./observer.ts";
export * from "./options.ts";
export * from "./server.ts";
