import type { LimitValues } from "@sallyport/protocol";
import { everySetting, type SaidListener, type SettingKey } from "./layers.ts";
import type { Origin } from "./problem.ts";
import type { SettingValue } from "./setting-kinds.ts";
import type { SettingValues } from "./setting-table.ts";

/** Everything that a server is told, with where it was said. */
export interface Configuration {
  readonly file: string | undefined;
  readonly values: SettingValues;
  /** Limits that somebody said. */
  readonly limits: Partial<LimitValues>;
  readonly listeners: readonly SaidListener[];
  readonly origins: ReadonlyMap<SettingKey, Origin>;
}

/** The value of a setting or limit as it is in effect; undefined where nobody said it and there is no default. */
export function effectiveValue(configuration: Configuration, key: SettingKey): SettingValue | undefined {
  const row = everySetting.get(key);
  if (row?.limit !== undefined) return configuration.limits[row.limit];
  if (!key.startsWith("limits.")) return Object.entries(configuration.values).find(([name]) => name === key)?.[1];
  return Object.entries(configuration.limits).find(([name]) => `limits.${name}` === key)?.[1] ?? row?.default;
}
