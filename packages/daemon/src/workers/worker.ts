import { Socket } from "node:net";
import { endProcess } from "../end-process.ts";
import { ServiceWorker } from "./service-worker.ts";

// The primary decides when a worker ends; terminals and systemd signal whole groups.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const)
  process.on(signal, () => undefined);
process.on("disconnect", () => endProcess(0));

const worker = new ServiceWorker(
  { send: (message, socket, done) => void process.send?.(message, socket, {}, done) },
  () => process.disconnect?.(),
);
process.on("message", (message, handle) => worker.receive(message, handle instanceof Socket ? handle : undefined));
