import { everySetting, type Layer, type Said, type SettingKey } from "./layers.ts";
import { nearestName } from "./nearest-name.ts";
import type { Problem } from "./problem.ts";
import { schemaOfSetting, takesText } from "./schema.ts";
import { fromText } from "./setting-kinds.ts";
import { environmentName } from "./setting-table.ts";
import type { Setting } from "./setting.ts";

export type Environment = Readonly<Partial<Record<string, string>>>;

/** The variable that names the configuration file where no flag does. */
export const configVariable = environmentName("config");

const prefix = environmentName("");

/**
 * What the environment says. An empty variable says nothing, as container files leave them; one with our prefix and an
 * unknown name is a fault like an unknown key of a file.
 */
export function environmentLayer(environment: Environment): { readonly layer: Layer; readonly problems: Problem[] } {
  const said = new Map<SettingKey, Said>();
  const problems: Problem[] = [];
  for (const [variable, text = ""] of Object.entries(environment)) {
    if (!variable.startsWith(prefix) || variable === configVariable || text === "") continue;
    const origin = { from: "environment", variable } as const;
    const key = keyOf.get(variable);
    const row = key === undefined ? undefined : everySetting.get(key);
    if (key === undefined || row === undefined) {
      const near = nearestName(variable.slice(prefix.length), [...keyOf.keys()].map(bareName));
      const hint = near === undefined ? "unset it" : `the nearest is ${prefix}${near}`;
      problems.push({ origin, key: variable, text: `there is no setting for the variable ${variable}: ${hint}` });
      continue;
    }
    const result = schemaOfSetting(row).safeParse(textValue(row, text));
    if (result.success) said.set(key, { value: result.data, origin });
    else problems.push({ origin, key, text: takesText(variable, row, text) });
  }
  return { layer: { said, listeners: [] }, problems };
}

const keyOf: ReadonlyMap<string, SettingKey> = new Map(
  [...everySetting.keys()].map((key) => [environmentName(key.replace(".", "-")), key]),
);

function bareName(variable: string): string {
  return variable.slice(prefix.length);
}

function textValue({ kind, many }: Setting, text: string): unknown {
  if (many !== true) return fromText(kind, text);
  return text.split(",").map((part) => fromText(kind, part.trim()));
}
