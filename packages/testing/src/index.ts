export * from "./certificates.ts";
export * from "./command.ts";
export * from "./requirements.ts";
export * from "./ftp-driver.ts";
export * from "./test-server.ts";
export { storageContract } from "./storage-contract.ts";
export * from "./peers/peer.ts";
export * from "./peers/servers.ts";
export * as storageSteps from "./storage-steps.ts";
