export { gssapiMechanism, type GssapiMechanism, type GssapiOptions, gssapiProblem } from "./mechanism.ts";
