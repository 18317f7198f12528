import { factFeature, hashAlgorithmNames } from "@sallyport/protocol";
import type { CommandContext } from "./command-handler.ts";
import { siteFeature } from "./site-verbs.ts";

/** FEAT lines of verbs whose row says `computed`: they depend on configuration or on what was chosen by OPTS. */
export const computedFeatures: Readonly<Record<string, (context: CommandContext) => readonly string[]>> = {
  // RFC 4217 §6: the mechanism TLS alone is advertised; SSL, TLS-C and TLS-P are understood and not advertised.
  AUTH: ({ environment }) => (environment.tls === undefined ? [] : ["AUTH TLS"]),
  PBSZ: ({ environment }) => (environment.tls === undefined ? [] : ["PBSZ"]),
  PROT: ({ environment }) => (environment.tls === undefined ? [] : ["PROT"]),
  HASH: ({ state }) => [
    `HASH ${hashAlgorithmNames.map((name) => (name === state.hashAlgorithm ? `${name}*` : name)).join(";")}`,
  ],
  LANG: () => ["LANG EN*"],
  MLST: ({ state }) => [factFeature(state.facts)],
  MODE: () => ["MODE B", "MODE C", "MODE Z"],
  SITE: (context) => [siteFeature(context)],
};
