export { gssapiMechanism, type GssapiMechanism, type GssapiOptions, isGssapiAvailable } from "./mechanism.ts";
