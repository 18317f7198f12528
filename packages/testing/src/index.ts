export * from "./certificates.ts";
export * from "./command.ts";
export * from "./requirements.ts";
export * from "./ftp-driver.ts";
export * from "./test-server.ts";
