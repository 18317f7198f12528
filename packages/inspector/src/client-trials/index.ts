export { asInspectReport, type ClientReport } from "./client-report.ts";
export { identityNames, type IdentityName, type TrialIdentities, type TrialIdentity } from "./identities.ts";
export { renderClientReport } from "./render-client-report.ts";
export { trialAccount, tryClient, type TrialVisit, type TryClientOptions } from "./try-client.ts";
export type { ProgramEnd } from "./trial.ts";
