export * from "./certificates.ts";
export * from "./command.ts";
export * from "./requirements.ts";
export * from "./ftp-driver.ts";
export * from "./test-server.ts";
export { type MakeSource, storageContract } from "./storage-contract.ts";
export * from "./peers/peer.ts";
export * from "./peers/servers.ts";
