import { buildCommand, type CommandContext } from "@stricli/core";
import { compareConfigurations, requireConfiguration } from "@sallyport/daemon/config";
import { parseText } from "../flags.ts";
import { serveFlags, serveSources, serviceSettings, type ServeFlags } from "../serve-flags.ts";
import { packageVersion } from "../version.ts";

export const serveCommand = buildCommand({
  docs: {
    brief: "Serve a directory over FTPS, explicit and implicit",
    fullDescription: [
      "Serves DIR over FTPS in both modes, with TLS required for login and data unless told otherwise.",
      "Every flag but --config, --standard-ports and --plain is a setting of the file that --config names, and an",
      "environment variable, too.",
      "Add accounts with sallyport user add. SIGTERM and SIGINT stop it: the first lets transfers end, a second cuts",
      "them. SIGHUP reads configuration, certificates and accounts anew, SIGUSR1 opens the logs anew, SIGUSR2 writes to",
      "the log who is connected. sallyport who and sallyport kick ask the running server.",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{ brief: "The directory to serve", placeholder: "DIR", parse: parseText, optional: true }],
    },
    flags: serveFlags,
  },
  async func(this: CommandContext, flags: ServeFlags, root?: string) {
    const sources = serveSources(root, flags);
    let running = requireConfiguration(sources);
    const daemon = await import("@sallyport/daemon");
    const statePath = daemon.defaultStatePath(process.env);
    const places = { statePath, listen: daemon.everyAddress(), version: packageVersion() };
    const settings = serviceSettings(running, places);
    daemon.checkServiceUser(settings);
    const { json, verbose: transcript, quiet, log: file, xferlog } = running.values;
    const { runAs } = settings;
    const files = { ...(file !== undefined && { file }), ...(xferlog !== undefined && { xferlog }) };
    await using log = new daemon.EventLog({ json, transcript, quiet, ...files, ...(runAs !== undefined && { runAs }) });
    const service = await daemon.Service.start(settings, log, () => {
      const { next, ...names } = compareConfigurations(running, requireConfiguration(sources));
      return { ...names, settings: serviceSettings(next, places), accept: () => void (running = next) };
    });
    await daemon.serveUntilSignal(service, log);
  },
});
