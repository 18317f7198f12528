export { askServer } from "./admin-client.ts";
export type { AdminAnswers, AdminRequest, Ban } from "./admin-protocol.ts";
export type { ConnectionStatus } from "@sallyport/server";
