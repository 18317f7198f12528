import { EventLog, serveUntilSignal, Service, type ServiceSettings } from "@sallyport/daemon";

/** Serves as the settings in its argument say, with a JSON log, until it is told to stop. */
const settings = JSON.parse(process.argv[2] ?? "") as ServiceSettings;
await using log = new EventLog({ json: true, transcript: false, quiet: false });
try {
  await serveUntilSignal(await Service.start(settings, log), log);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
