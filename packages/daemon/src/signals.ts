import { constants } from "node:os";
import { endProcess, endSoon } from "./end-process.ts";
import type { EventLog } from "./log/event-log.ts";
import type { Service } from "./service.ts";

const stopSignals = ["SIGTERM", "SIGINT"] as const;

/**
 * Serves until SIGTERM or SIGINT: the first lets running transfers end, a second cuts them and ends the process with 128
 * and the signal's number, after the last lines of the log. SIGHUP reads configuration and certificates anew, SIGUSR1
 * opens the logs anew (its meaning to Node, a debugger's port, is none for a server), SIGUSR2 writes to the log who is
 * connected.
 */
export async function serveUntilSignal(service: Service, log: EventLog): Promise<void> {
  process.on("SIGHUP", () => void service.reload());
  process.on("SIGUSR1", () => log.reopen());
  process.on("SIGUSR2", () => void service.showConnections());
  const first = await nextSignal();
  const second = nextSignal().then(async (signal) => {
    service.cut(signal);
    await log[Symbol.asyncDispose]();
    endProcess(128 + constants.signals[signal]);
  });
  await Promise.race([service.stop(first), second]);
  endSoon();
}

function nextSignal(): Promise<(typeof stopSignals)[number]> {
  return new Promise((resolve) => {
    const listeners = stopSignals.map((signal) => {
      const listener = () => {
        for (const [name, other] of listeners) process.off(name, other);
        resolve(signal);
      };
      process.on(signal, listener);
      return [signal, listener] as const;
    });
  });
}
