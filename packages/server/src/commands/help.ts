import { multiLineReply, octetsFromText, reply, type VerbRow, verbAliases, verbs } from "@sallyport/protocol";
import type { CommandContext, CommandHandler } from "../command-handler.ts";
import { siteHelp } from "../site-verbs.ts";

/** Before login too; names no version (R-959-47, S-29). */
export const help: CommandHandler<"HELP"> = (context, argument) => {
  const word = argument.toUpperCase();
  if (word === "") return { reply: multiLineReply(214, "Commands:", verbLines(context), "HELP verb says more.") };
  if (word === "SITE") return { reply: siteHelp(context) };
  const row = usableRow(context, verbAliases[word] ?? word);
  return {
    reply:
      row === undefined
        ? reply(214, "There is no such command here.")
        : multiLineReply(214, row.syntax, [octetsFromText(row.purpose)], row.source),
  };
};

function verbLines(context: CommandContext) {
  const words = Object.keys(verbs).filter((verb) => usableRow(context, verb) !== undefined);
  const lines = [];
  for (let at = 0; at < words.length; at += 8) {
    lines.push(
      octetsFromText(
        words
          .slice(at, at + 8)
          .map((word) => word.padEnd(8))
          .join("")
          .trimEnd(),
      ),
    );
  }
  return lines;
}

function usableRow({ state }: CommandContext, verb: string): VerbRow | undefined {
  if (!Object.hasOwn(verbs, verb)) return undefined;
  const row: VerbRow = verbs[verb as keyof typeof verbs];
  return row.capability === undefined || state.policy.capabilities.has(row.capability) ? row : undefined;
}
