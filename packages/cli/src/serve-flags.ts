import {
  allowedText,
  type Configuration,
  type ConfigSources,
  fromText,
  type Layer,
  type Said,
  schemaOfKind,
  type Setting,
  type SettingKey,
  type SettingName,
  settingNames,
  settingRows,
  type settings,
  type SettingValue,
  serviceSettings as settingsOf,
} from "@sallyport/daemon/config";
import type { ServiceSettings } from "@sallyport/daemon";
import { UsageError } from "@sallyport/protocol";
import type { FlagParametersForType } from "@stricli/core";
import { commonFlags, parseText, switchFlag, type CommonFlags } from "./flags.ts";

/** What `serve` can be told: every setting by its own name, and short words for some. */
export type ServeFlags = CommonFlags &
  SettingFlags & {
    readonly config?: string;
    readonly standardPorts?: boolean;
    readonly plain?: boolean;
  };

/** What stands in {@link commonFlags}, or is no flag. */
type NotHere = "root" | "state" | "json" | "verbose";

const notHere: ReadonlySet<SettingName> = new Set<NotHere>(["root", "state", "json", "verbose"]);

/** Flags made of the table of settings, in its order. */
export const serveFlags: FlagParametersForType<ServeFlags> = {
  ...commonFlags,
  config: {
    kind: "parsed",
    parse: parseText,
    brief: "File with settings; what the command line says wins",
    placeholder: "FILE",
    optional: true,
  },
  standardPorts: switchFlag("Listen on 21 and 990"),
  plain: switchFlag("Let clients in without TLS; the same as --require-tls none"),
  ...settingFlags(),
};

/** Where `serve` finds its configuration. */
export function serveSources(root: string | undefined, flags: ServeFlags): ConfigSources {
  const { config } = flags;
  return {
    ...(config !== undefined && { file: config }),
    environment: process.env,
    flags: flagLayer(root, flags),
  };
}

/**
 * The settings of a service; what is not said gets its default.
 *
 * @throws {UsageError} SALLYPORT_USAGE_ROOT where nobody says which directory to serve.
 */
export function serviceSettings(
  configuration: Configuration,
  places: Pick<ServiceSettings, "statePath" | "listen" | "version">,
): ServiceSettings {
  const { root } = configuration.values;
  if (root !== undefined) return settingsOf(configuration, { ...places, root });
  const message = 'DIR is missing: "sallyport serve --help" lists what there is; a configuration says it as root.';
  throw new UsageError("SALLYPORT_USAGE_ROOT", message);
}

type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

type FlagName = Exclude<SettingName, NotHere>;

type FlagValue<Name extends SettingName> = (typeof settings)[Name]["kind"]["is"] extends "switch"
  ? boolean
  : (typeof settings)[Name] extends { readonly many: true }
    ? readonly SettingValue[]
    : SettingValue;

type SettingFlags = { readonly [Name in FlagName as Camel<Name>]?: FlagValue<Name> };

function settingFlags(): FlagParametersForType<SettingFlags> {
  const flags = settingNames
    .filter((name) => !notHere.has(name))
    .map((name) => [camel(name), settingFlag(settingRows[name])] as const);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the names and kinds are those of the table
  return Object.fromEntries(flags) as unknown as FlagParametersForType<SettingFlags>;
}

function settingFlag(row: Setting): object {
  const brief = row.meaning.replaceAll("`", "") + defaultText(row);
  if (row.kind.is === "switch") {
    return { kind: "boolean", brief, optional: true, withNegated: row.default === true };
  }
  if (row.kind.is === "choice") {
    // No choice has a comma in it.
    return { kind: "enum", values: row.kind.values, brief, optional: true, ...(row.many && { variadic: "," }) };
  }
  const { placeholder = "VALUE" } = row;
  const parse = (text: string) => parseSetting(row, text);
  return { kind: "parsed", parse, brief, placeholder, optional: true, ...(row.many && { variadic: true }) };
}

function defaultText({ default: usual, defaultText: told, kind }: Setting): string {
  if (told !== undefined) return ` (default: ${told})`;
  const isShown = usual !== undefined && kind.is !== "switch" && !Array.isArray(usual);
  return isShown ? ` (default: ${String(usual)})` : "";
}

/** One value of a flag; what it throws completes the sentence "--flag takes …, not "value"". */
function parseSetting(row: Setting, text: string): SettingValue {
  const result = schemaOfKind(row.kind).safeParse(fromText(row.kind, text));
  if (!result.success) throw new Error(allowedText(row.kind));
  return result.data;
}

/** What the command line says, as settings. */
function flagLayer(root: string | undefined, flags: ServeFlags): Layer {
  const said = new Map<SettingKey, Said>();
  const say = (key: SettingName, value: SettingValue | undefined) => {
    if (value !== undefined) said.set(key, { value, origin: { from: "flag", flag: `--${key}` } });
  };
  for (const [flag, value] of Object.entries(flags)) {
    const name = settingNames.find((candidate) => camel(candidate) === flag);
    if (name !== undefined && !(Array.isArray(value) && value.length === 0)) say(name, value as SettingValue);
  }
  say("root", root);
  if (flags.plain === true) {
    refuse(
      flags.requireTls !== undefined && flags.requireTls !== "none",
      "plain",
      `require-tls ${String(flags.requireTls)}`,
    );
    say("require-tls", "none");
  }
  if (flags.standardPorts === true) {
    for (const mode of ["implicit", "explicit"] as const) {
      const given = flags[`${mode}Port`];
      refuse(given !== undefined && given !== "off", "standard-ports", `${mode}-port ${String(given)}`);
      if (given === undefined) say(`${mode}-port`, mode === "explicit" ? 21 : 990);
    }
  }
  return { said, listeners: [] };
}

/** @throws {UsageError} SALLYPORT_USAGE_CONTRADICTION. */
function refuse(contradict: boolean, flag: string, other: string): void {
  if (!contradict) return;
  throw new UsageError(
    "SALLYPORT_USAGE_CONTRADICTION",
    `--${flag} and --${other} contradict each other: leave one out.`,
  );
}

function camel(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
