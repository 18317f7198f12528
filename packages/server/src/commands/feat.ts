import { multiLineReply, octetsFromText, type VerbRow, verbs } from "@sallyport/protocol";
import type { CommandContext, CommandHandler } from "../command-handler.ts";
import { computedFeatures } from "../features.ts";

/** RFC 2389 §3: every extension that can be used now, and none that cannot (R-2389-02). */
export const feat: CommandHandler<"FEAT"> = (context) => ({
  reply: multiLineReply(211, "Extensions:", featureLines(context).map(octetsFromText), "End"),
});

function featureLines(context: CommandContext): string[] {
  const { capabilities } = context.state.policy;
  const lines = Object.entries<VerbRow>(verbs).flatMap(([verb, { feature, capability }]) => {
    if (feature === undefined || (capability !== undefined && !capabilities.has(capability))) return [];
    return feature === "computed" ? (computedFeatures[verb]?.(context) ?? []) : [feature];
  });
  return [...lines, "TVFS", "UTF8"].toSorted();
}
