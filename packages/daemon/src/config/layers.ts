import type { LimitName } from "@sallyport/protocol";
import { limitRows } from "./limit-settings.ts";
import type { Origin } from "./problem.ts";
import type { SettingValue } from "./setting-kinds.ts";
import { type ListenerValues, settingNames, settingRows, type SettingName } from "./setting-table.ts";
import type { Setting } from "./setting.ts";

/** A setting, or a row of `[limits]`. */
export type SettingKey = SettingName | `limits.${LimitName}`;

export interface Said {
  readonly value: SettingValue;
  readonly origin: Origin;
}

export interface SaidListener {
  readonly values: ListenerValues;
  readonly origin: Origin;
}

/** What one source says: the file, the environment or the command line. */
export interface Layer {
  readonly said: ReadonlyMap<SettingKey, Said>;
  readonly listeners: readonly SaidListener[];
}

export const emptyLayer: Layer = { said: new Map(), listeners: [] };

/** Every setting and limit by its key, in the order of the documents. */
export const everySetting: ReadonlyMap<SettingKey, Setting> = new Map<SettingKey, Setting>([
  ...settingNames.map((name) => [name, settingRows[name]] as const),
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys are those of the table
  ...(Object.entries(limitRows) as [LimitName, Setting][]).map(([name, row]) => [`limits.${name}`, row] as const),
]);

/** The key under which a value is kept: a setting that is another name for a limit is kept as the limit. */
export function keptKey(key: SettingKey): SettingKey {
  const limit = everySetting.get(key)?.limit;
  return limit === undefined ? key : `limits.${limit}`;
}

/** A later layer over an earlier one. */
export function mergeLayers(layers: readonly Layer[]): Layer {
  const said = new Map<SettingKey, Said>();
  for (const layer of layers) {
    for (const [key, value] of layer.said) said.set(keptKey(key), value);
  }
  return { said, listeners: layers.flatMap(({ listeners }) => listeners) };
}
