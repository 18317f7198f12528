import { displayOctets, type ReceivedReply } from "@sallyport/protocol";
import type { CommandContext } from "@stricli/core";
import type { ClientFlags } from "../client-flags.ts";
import { exitCodes } from "../exit-codes.ts";
import { visibleText } from "../terminal/visible-text.ts";
import { refusalReply } from "./client-failure.ts";
import { runOnServers } from "./run.ts";

/** `sallyport raw`: the first word is the URL, the others are the command line. */
export async function raw(context: CommandContext, flags: ClientFlags, words: readonly string[]): Promise<void> {
  const [url = "", ...command] = words;
  await runOnServers(context, flags, {}, async (run) => {
    const { client } = await run.servers.open(url);
    const show = (reply: ReceivedReply): void => {
      const lines = linesOf(reply);
      if (flags.json === true) run.printJson({ code: reply.code, lines });
      else for (const line of lines) run.print(line);
    };
    try {
      show(await client.raw(command.join(" "), { signal: run.servers.signal }));
      return undefined;
    } catch (error) {
      const refusal = refusalReply(error);
      if (refusal === undefined) throw error;
      show(refusal);
      return exitCodes.failure;
    }
  });
}

/** A reply as it came: its code stands before the first line and the last. */
function linesOf({ code, lines }: ReceivedReply): readonly string[] {
  return lines.map((line, at) => {
    const text = visibleText(displayOctets(line));
    if (at === lines.length - 1) return `${code} ${text}`;
    return at === 0 ? `${code}-${text}` : text;
  });
}
