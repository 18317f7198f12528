import { readConfigFile } from "./config-file.ts";
import type { Configuration } from "./configuration.ts";
import { contradictions } from "./contradictions.ts";
import { configVariable, type Environment, environmentLayer } from "./environment-layer.ts";
import { emptyLayer, type Layer, mergeLayers } from "./layers.ts";
import { type Problem, problemError } from "./problem.ts";
import { settingNames, settingRows, type SettingValues } from "./setting-table.ts";

/** Where a configuration comes from. A later one wins: file, environment, command line. */
export interface ConfigSources {
  readonly file?: string;
  readonly environment: Environment;
  readonly flags: Layer;
}

/** A configuration as far as it is in order, and everything that is not. */
export interface Reading {
  readonly configuration: Configuration;
  readonly problems: readonly Problem[];
}

/**
 * Reads all sources.
 *
 * @throws {ConfigError} SALLYPORT_INPUT_UNREADABLE where the file cannot be read.
 */
export function readConfiguration({ file: named, environment, flags }: ConfigSources): Reading {
  const file = named ?? (environment[configVariable] || undefined);
  const fromFile = file === undefined ? { layer: emptyLayer, problems: [] } : readConfigFile(file);
  const fromEnvironment = environmentLayer(environment);
  const layers = [fromFile.layer, fromEnvironment.layer, flags];
  const configuration = configurationOf(mergeLayers(layers), file);
  const faults = [...fromFile.problems, ...fromEnvironment.problems];
  const bad = new Set(faults.map(({ key }) => key));
  const against = contradictions(configuration, layers).filter(({ about }) => !about.some((key) => bad.has(key)));
  return { configuration, problems: [...faults, ...against] };
}

/**
 * The configuration of sources that have to be in order.
 *
 * @throws {ConfigError} SALLYPORT_CONFIG_SETTING, SALLYPORT_INPUT_UNREADABLE.
 * @throws {UsageError} SALLYPORT_USAGE_CONTRADICTION where flags contradict each other.
 */
export function requireConfiguration(sources: ConfigSources): Configuration {
  const { configuration, problems } = readConfiguration(sources);
  const [first, ...more] = problems;
  if (first !== undefined) throw problemError([first, ...more]);
  return configuration;
}

function configurationOf({ said, listeners }: Layer, file: string | undefined): Configuration {
  const values = settingNames.flatMap((name) => {
    const value = said.get(name)?.value ?? settingRows[name].default;
    return value === undefined ? [] : [[name, value] as const];
  });
  const limits = [...said].flatMap(([key, { value }]) =>
    key.startsWith("limits.") ? [[key.slice("limits.".length), value] as const] : [],
  );
  return {
    file,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each value passed the schema of its row
    values: Object.fromEntries(values) as unknown as SettingValues,
    limits: Object.fromEntries(limits),
    listeners,
    origins: new Map([...said].map(([key, { origin }]) => [key, origin])),
  };
}
