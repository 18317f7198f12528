import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Client } from "@sallyport/client";
import { UsageError } from "@sallyport/protocol";
import type { CommandContext } from "@stricli/core";
import { visibleText } from "../terminal/visible-text.ts";
import { eachPath } from "./each-path.ts";
import { runOnServers } from "./run.ts";
import { shownPath } from "./surroundings.ts";
import type { ClientFlags } from "../client-flags.ts";

export interface HashFlags extends ClientFlags {
  readonly algorithm?: string;
  readonly download?: boolean;
}

/** `sallyport hash`. */
export async function hash(context: CommandContext, flags: HashFlags, urls: readonly string[]): Promise<void> {
  const algorithm = flags.algorithm === undefined ? undefined : algorithmOf(flags.algorithm);
  await runOnServers(context, flags, {}, async (run) => {
    const { signal } = run.servers;
    await eachPath(run, urls, async ({ client, path }) => {
      const isLocal = flags.download === true;
      const found = isLocal
        ? await hashHere(client, path, algorithm ?? "SHA-256", signal)
        : await client.hash(path, { signal, ...(algorithm !== undefined && { algorithm }) });
      const { hex, algorithm: used } = found;
      const shown = shownPath(run.surroundings, path);
      if (flags.json === true) run.printJson({ path, algorithm: used, hex, by: isLocal ? "download" : "server" });
      else run.print(algorithm === undefined ? `${used} (${shown}) = ${hex}` : `${hex}  ${shown}`);
    });
    return undefined;
  });
}

/** Names as the IANA registry has them. */
const algorithms = ["SHA-512", "SHA-256", "SHA-1", "MD5", "CRC32"];

function algorithmOf(text: string): string {
  const plain = (name: string): string => name.toUpperCase().replaceAll("-", "");
  const found = algorithms.find((name) => plain(name) === plain(text));
  if (found !== undefined) return found;
  throw new UsageError(
    "SALLYPORT_USAGE_ALGORITHM",
    `--algorithm takes ${algorithms.join(", ")}, not "${visibleText(text)}".`,
  );
}

async function hashHere(
  client: Client,
  path: string,
  algorithm: string,
  signal: AbortSignal,
): Promise<{ readonly algorithm: string; readonly hex: string }> {
  const content = await client.read(path, { signal });
  if (algorithm === "CRC32") {
    let value = 0;
    for await (const chunk of content) value = crc32(chunk, value);
    return { algorithm, hex: value.toString(16).padStart(8, "0") };
  }
  const digest = createHash(algorithm.replace("-", "").toLowerCase());
  for await (const chunk of content) digest.update(chunk);
  return { algorithm, hex: digest.digest("hex") };
}
