import { limits } from "@sallyport/protocol";
import { type JsonFile, jsonFile } from "../store/json-file.ts";
import { type FactName, type ServerProfile, newProfile } from "./server-profile.ts";

/** Where profiles of servers are kept from one program run to the next. */
export interface ProfileStore {
  /** What is known of a server (`host:port`) whose greeting is still the same. */
  find(server: string, greeting: string): Promise<ServerProfile | undefined>;
  /** Takes what was learned; `change` gets what is known now, or an empty profile where the greeting has changed. */
  learn(server: string, greeting: string, change: (profile: ServerProfile) => ServerProfile): Promise<void>;
  /** Forgets a server; false where it was not known. */
  forget(server: string): Promise<boolean>;
}

/**
 * Keeps profiles in a JSON file that its owner alone can read; see `jsonFile` for how it is written and what its methods
 * reject with. Beyond `rememberedServersCount` servers the one that was written longest ago is dropped.
 */
export function profileFile(path: string): ProfileStore {
  const file: JsonFile<Profiles> = jsonFile<Profiles>(path, {
    empty: [],
    parse: parseProfiles,
    what: "server profiles",
  });
  return {
    find: async (server, greeting) => {
      const found = (await file.read()).find(([name]) => name === server)?.[1];
      return found?.greeting === greeting ? found : undefined;
    },
    learn: async (server, greeting, change) => {
      await file.update((profiles) => {
        const found = profiles.find(([name]) => name === server)?.[1];
        const known = found?.greeting === greeting ? found : newProfile(greeting);
        const changed = change(known);
        if (changed === found) return profiles;
        const others = profiles.filter(([name]) => name !== server);
        return [...others, [server, changed] as const].slice(-limits.rememberedServersCount.value);
      });
    },
    forget: async (server) => {
      let isFound = false;
      await file.update((profiles) => {
        const others = profiles.filter(([name]) => name !== server);
        isFound = others.length < profiles.length;
        return isFound ? others : profiles;
      });
      return isFound;
    },
  };
}

type Profiles = ReadonlyArray<readonly [server: string, profile: ServerProfile]>;

function parseProfiles(value: unknown): Profiles | undefined {
  if (!Array.isArray(value)) return undefined;
  const profiles: Array<readonly [string, ServerProfile]> = [];
  for (const entry of value as readonly unknown[]) {
    const [server, profile] = Array.isArray(entry) ? (entry as readonly unknown[]) : [];
    const parsed = parseProfile(profile);
    if (typeof server !== "string" || parsed === undefined) return undefined;
    profiles.push([server, parsed]);
  }
  return profiles;
}

/** Facts that this version does not know, or of another form, are left out: they are learned again. */
function parseProfile(value: unknown): ServerProfile | undefined {
  if (!isRecord(value) || typeof value["greeting"] !== "string" || !isRecord(value["facts"])) return undefined;
  const given = value["facts"];
  const facts = (Object.keys(valueChecks) as FactName[]).flatMap((name) => {
    const fact = given[name];
    const isFact =
      isRecord(fact) &&
      typeof fact["evidence"] === "string" &&
      typeof fact["learnedMs"] === "number" &&
      valueChecks[name](fact["value"]);
    return isFact ? [[name, fact] as const] : [];
  });
  return { greeting: value["greeting"], facts: Object.fromEntries(facts) };
}

const isBoolean = (value: unknown): boolean => typeof value === "boolean";
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === "string");

const valueChecks: Readonly<Record<FactName, (value: unknown) => boolean>> = {
  passive: (value) => value === "EPSV" || value === "PASV",
  mlsd: isBoolean,
  restart: isBoolean,
  dataResumption: (value) => value === "accepted" || value === "refused",
  closeNotify: isBoolean,
  zone: isTextList,
  connectionsMax: (value) => typeof value === "number" && Number.isInteger(value) && value >= 1,
  charset: (value) => typeof value === "string",
  setsTimes: isBoolean,
  quirks: isTextList,
};

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
