import { isDeepStrictEqual } from "node:util";
import { type Configuration, effectiveValue } from "./configuration.ts";
import { everySetting, type SaidListener } from "./layers.ts";

/** What a running server makes of a configuration that was read again. */
export interface Reread {
  /** What it runs with from now on: the new values of what may change, the old ones of what may not. */
  readonly next: Configuration;
  /** Names of what changes now, for new connections. */
  readonly changed: readonly string[];
  /** Names of what was changed and waits for a restart. */
  readonly needRestart: readonly string[];
}

/** Sorts what was changed into what a running server takes up and what has to wait. */
export function compareConfigurations(running: Configuration, fresh: Configuration): Reread {
  const differing = [...everySetting.keys()].filter(
    (key) =>
      everySetting.get(key)?.limit === undefined &&
      !isDeepStrictEqual(effectiveValue(running, key), effectiveValue(fresh, key)),
  );
  const waiting = differing.filter((key) => everySetting.get(key)?.changes === "restart");
  const sameEndpoints = isDeepStrictEqual(running.listeners.map(endpointOf), fresh.listeners.map(endpointOf));
  const sameListeners = isDeepStrictEqual(running.listeners.map(valuesOf), fresh.listeners.map(valuesOf));
  return {
    next: {
      ...fresh,
      values: keepWaiting(running.values, fresh.values, waiting),
      limits: keepWaiting(
        running.limits,
        fresh.limits,
        waiting.map((key) => key.replace("limits.", "")),
      ),
      listeners: sameEndpoints ? fresh.listeners : running.listeners,
    },
    changed: [
      ...differing.filter((key) => !waiting.includes(key)),
      ...(sameEndpoints && !sameListeners ? ["listener"] : []),
    ],
    needRestart: [...waiting, ...(sameEndpoints ? [] : ["listener"])],
  };
}

/** The new values, but the old ones of those that wait. */
function keepWaiting<Values extends object>(running: Values, fresh: Values, waiting: readonly string[]): Values {
  const kept = Object.entries(fresh).filter(([name]) => !waiting.includes(name));
  const old = Object.entries(running).filter(([name]) => waiting.includes(name));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every value comes from one of the two
  return Object.fromEntries([...kept, ...old]) as Values;
}

function endpointOf({ values: { mode, address, port } }: SaidListener): unknown {
  return [mode, address, port];
}

function valuesOf({ values }: SaidListener): unknown {
  return values;
}
