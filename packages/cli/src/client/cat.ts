import { UsageError } from "@sallyport/protocol";
import type { CommandContext } from "@stricli/core";
import { eachPath } from "./each-path.ts";
import { runOnServers } from "./run.ts";
import { copyToOutput } from "./standard-output.ts";
import type { ClientFlags } from "../client-flags.ts";

export interface CatFlags extends ClientFlags {
  readonly start?: number;
  readonly end?: number;
}

/** `sallyport cat`. */
export async function cat(context: CommandContext, flags: CatFlags, urls: readonly string[]): Promise<void> {
  const { start, end } = flags;
  if (start !== undefined && end !== undefined && end < start) {
    throw new UsageError("SALLYPORT_USAGE_CONTRADICTION", "--end lies before --start.");
  }
  await runOnServers(context, flags, {}, async (run) => {
    const { signal } = run.servers;
    await eachPath(run, urls, async ({ client, path }) => {
      if (flags.json !== true) {
        await copyToOutput(client, path, { output: run.surroundings.output, signal, start, end });
        return;
      }
      for await (const chunk of await client.read(path, { signal, start, end })) {
        run.printJson({ path, base64: Buffer.from(chunk).toString("base64") });
      }
    });
    return undefined;
  });
}
