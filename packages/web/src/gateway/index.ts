export { Gateway, type GatewayOptions } from "./gateway.ts";
export { isLoopback } from "./guard.ts";
export { pageDirectory as preparePage } from "#page-directory";
