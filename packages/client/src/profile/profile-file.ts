import { limits } from "@sallyport/protocol";
import { type JsonFile, jsonFile } from "../store/json-file.ts";
import { type FactName, type ServerProfile, newProfile } from "./server-profile.ts";

/** Where profiles of servers are kept from one program run to the next. */
export interface ProfileStore {
  /** What is known of a server, `host:port`; whether it still is that server is for the caller to see. */
  find(server: string): Promise<ServerProfile | undefined>;
  /** Takes what was learned; `change` gets what is known by now, or an empty profile where the fingerprint has changed. */
  learn(server: string, fingerprint: string, change: (profile: ServerProfile) => ServerProfile): Promise<void>;
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
    find: async (server) => (await file.read()).find(([name]) => name === server)?.[1],
    learn: async (server, fingerprint, change) => {
      await file.update((profiles) => {
        const found = profiles.find(([name]) => name === server)?.[1];
        const known = found?.fingerprint === fingerprint ? found : newProfile(fingerprint);
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
  if (!isRecord(value) || typeof value["fingerprint"] !== "string" || !isRecord(value["facts"])) return undefined;
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
  return { fingerprint: value["fingerprint"], facts: Object.fromEntries(facts) };
}

const isBoolean = (value: unknown): boolean => typeof value === "boolean";
const isText = (value: unknown): boolean => typeof value === "string";
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isOneOf =
  (...values: readonly unknown[]) =>
  (value: unknown): boolean =>
    values.includes(value);

const valueChecks: Readonly<Record<FactName, (value: unknown) => boolean>> = {
  product: isText,
  maxTlsVersion: (value) => value === "TLSv1.2",
  passive: isOneOf("EPSV", "PASV"),
  listing: isOneOf("MLSD", "LIST", "NLST"),
  dataResumption: isOneOf("accepted", "refused"),
  zone: isTextList,
  connectionsMax: (value) => typeof value === "number" && Number.isInteger(value) && value >= 1,
  charset: isText,
  publishesWhole: isBoolean,
  timeCommand: isOneOf("MFMT", "SITE UTIME", "MDTM"),
  compression: isOneOf("worth", "refused"),
  hash: isText,
};

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
