import { factFeature, hashAlgorithmNames } from "@sallyport/protocol";
import type { CommandContext } from "./command-handler.ts";
import { siteFeature } from "./site-verbs.ts";

/** FEAT lines of verbs whose row says `computed`: they depend on configuration or on what was chosen by OPTS. */
export const computedFeatures: Readonly<Record<string, (context: CommandContext) => readonly string[]>> = {
  // RFC 4217 §6: the mechanism TLS alone is advertised; SSL, TLS-C and TLS-P are understood and not advertised.
  AUTH: (context) => [
    ...(context.environment.tls === undefined ? [] : ["AUTH TLS"]),
    ...(isGssapiPossible(context) ? ["AUTH GSSAPI"] : []),
  ],
  PBSZ: (context) => (canProtect(context) ? ["PBSZ"] : []),
  PROT: (context) => (canProtect(context) ? ["PROT"] : []),
  HASH: ({ state }) => [
    `HASH ${hashAlgorithmNames.map((name) => (name === state.hashAlgorithm ? `${name}*` : name)).join(";")}`,
  ],
  LANG: () => ["LANG EN*"],
  MLST: ({ state }) => [factFeature(state.facts)],
  MODE: () => ["MODE B", "MODE C", "MODE Z"],
  SITE: (context) => [siteFeature(context)],
};

/** Whether AUTH GSSAPI would be accepted, as far as policy goes, and a login could follow. */
export function isGssapiPossible({ state }: CommandContext): boolean {
  const { messageSecurity, requireTlsForLogin, messagesSuffice } = state.policy;
  return messageSecurity !== "off" && (!requireTlsForLogin || messagesSuffice);
}

function canProtect(context: CommandContext): boolean {
  return context.environment.tls !== undefined || isGssapiPossible(context);
}
