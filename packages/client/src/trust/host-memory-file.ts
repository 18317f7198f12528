import { limits } from "@sallyport/protocol";
import { jsonFile } from "../store/json-file.ts";
import { type RememberedHost, type SecurityObservation, rememberSecurity } from "./host-memory.ts";

/** Where it is kept which servers once offered TLS. */
export interface HostMemoryStore {
  /** What is remembered of a server, `host:port`. */
  find(server: string): Promise<RememberedHost | undefined>;
  /** Remembers an observation; most are told many times, so the file is written once a day for each. */
  remember(server: string, observation: SecurityObservation, nowMs: number): Promise<void>;
  /** Forgets a server; false where it was not known. */
  forget(server: string): Promise<boolean>;
}

/**
 * Keeps the memory in a JSON file that its owner alone can read; see `jsonFile` for how it is written and what its
 * methods reject with. Beyond `rememberedHostsCount` servers the one that was written longest ago is dropped.
 */
export function hostMemoryFile(path: string): HostMemoryStore {
  const file = jsonFile<Hosts>(path, { empty: [], parse: parseHosts, what: "servers that offered TLS" });
  const find = async (server: string): Promise<RememberedHost | undefined> =>
    (await file.read()).find(([name]) => name === server)?.[1];
  return {
    find,
    remember: async (server, observation, nowMs) => {
      if (isUnchanged(await find(server), observation, nowMs)) return;
      await file.update((hosts) => {
        const changed = rememberSecurity(hosts.find(([name]) => name === server)?.[1], observation, nowMs);
        if (changed === undefined) return hosts;
        const others = hosts.filter(([name]) => name !== server);
        return [...others, [server, changed] as const].slice(-limits.rememberedHostsCount.value);
      });
    },
    forget: async (server) => {
      let isFound = false;
      await file.update((hosts) => {
        const others = hosts.filter(([name]) => name !== server);
        isFound = others.length < hosts.length;
        return isFound ? others : hosts;
      });
      return isFound;
    },
  };
}

type Hosts = ReadonlyArray<readonly [server: string, memory: RememberedHost]>;

const dayMs = 86_400_000;
const fields = ["explicitMs", "implicitMs", "protectedDataMs"] as const;

function isUnchanged(known: RememberedHost | undefined, observation: SecurityObservation, nowMs: number): boolean {
  const changed = rememberSecurity(known, observation, nowMs);
  return fields.every((field) => {
    const [before, after] = [known?.[field], changed?.[field]];
    return before === after || (before !== undefined && after !== undefined && Math.abs(after - before) < dayMs);
  });
}

function parseHosts(value: unknown): Hosts | undefined {
  return Array.isArray(value) && value.every(isHost) ? value : undefined;
}

function isHost(value: unknown): value is Hosts[number] {
  const [server, memory] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  if (typeof server !== "string" || typeof memory !== "object" || memory === null) return false;
  const entries = Object.entries(memory);
  return entries.every(([name, time]) => (fields as readonly string[]).includes(name) && typeof time === "number");
}
