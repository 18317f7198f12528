export type {
  ConnectionActivity,
  ConnectionSelector,
  ConnectionStatus,
  RunningTransfer,
} from "./connection/connection-status.ts";
export * from "./observer.ts";
export * from "./options.ts";
export * from "./server.ts";
