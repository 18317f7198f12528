import { hostMemoryFile, isUrlFailure, parseFtpUrl, profileFile } from "@sallyport/client";
import { UsageError } from "@sallyport/protocol";
import { fileTrustStore } from "@sallyport/transport";
import type { CommandContext } from "@stricli/core";
import { exitCodes } from "../exit-codes.ts";
import { jsonText, quotedName } from "../terminal/visible-text.ts";
import { endWith } from "./end-with.ts";
import { hostsPath, knownServersPath, profilesPath } from "./own-files.ts";

export interface ForgetFlags {
  readonly json?: boolean;
}

const usualPorts = [21, 990];

/** `sallyport forget`. */
export async function forget(context: CommandContext, flags: ForgetFlags, text: string): Promise<void> {
  const url = parseFtpUrl(text);
  if (isUrlFailure(url)) throw new UsageError("SALLYPORT_URL_INVALID", url.failure);
  const { host, port } = url;
  const servers = (port === undefined ? usualPorts : [port]).map(
    (one) => `${host.includes(":") ? `[${host}]` : host}:${one}`,
  );
  const [keys, hosts] = [fileTrustStore(knownServersPath()), hostMemoryFile(hostsPath())];
  const profiles = profileFile(profilesPath());
  const forgotten: string[] = [];
  for (const server of servers) {
    // oxlint-disable-next-line no-await-in-loop -- one change of a file at a time
    const found = [await keys.forget(server), await hosts.forget(server), await profiles.forget(server)];
    if (found.includes(true)) forgotten.push(server);
  }
  const { stdout, stderr } = context.process;
  if (flags.json === true) stdout.write(`${jsonText({ forgotten })}\n`);
  else if (forgotten.length > 0) stdout.write(`Forgot ${forgotten.join(" and ")}.\n`);
  else stderr.write(`sallyport: Nothing is remembered of ${quotedName(text)}.\n`);
  endWith(context, forgotten.length > 0 ? exitCodes.ok : exitCodes.failure);
}
