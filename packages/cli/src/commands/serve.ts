import { buildCommand, type CommandContext } from "@stricli/core";
import { parseText } from "../flags.ts";
import { serveFlags, serviceSettings, type ServeFlags } from "../serve-flags.ts";
import { packageVersion } from "../version.ts";

export const serveCommand = buildCommand({
  docs: {
    brief: "Serve a directory over FTPS, explicit and implicit",
    fullDescription: [
      "Serves DIR over FTPS in both modes, with TLS required for login and data unless told otherwise.",
      "Add accounts with sallyport user add. SIGTERM and SIGINT stop it: the first lets transfers end, a second cuts",
      "them. SIGHUP reads certificates anew, SIGUSR1 opens the transfer log anew.",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{ brief: "The directory to serve", placeholder: "DIR", parse: parseText }],
    },
    flags: serveFlags,
  },
  async func(this: CommandContext, flags: ServeFlags, root: string) {
    const { defaultStatePath, EventLog, everyAddress, serveUntilSignal, Service } = await import("@sallyport/daemon");
    const statePath = defaultStatePath(process.env);
    const settings = serviceSettings(root, flags, { statePath, listen: everyAddress(), version: packageVersion() });
    const { json = false, verbose: transcript = false, quiet = false, xferlog } = flags;
    await using log = new EventLog({ json, transcript, quiet, ...(xferlog !== undefined && { xferlog }) });
    const service = await Service.start(settings, log);
    await serveUntilSignal(service, log);
  },
});
