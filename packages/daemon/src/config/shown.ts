import { stringify } from "smol-toml";
import { type Configuration, effectiveValue } from "./configuration.ts";
import { everySetting, keptKey, type SettingKey } from "./layers.ts";
import { limitRows } from "./limit-settings.ts";
import { originText } from "./problem.ts";
import { allowedText, fileForm, type SettingValue } from "./setting-kinds.ts";
import { listenerRows, settingNames, settingRows } from "./setting-table.ts";
import type { Setting } from "./setting.ts";

/** One setting as it is in effect. */
export interface ShownSetting {
  readonly name: string;
  /** Absent where nobody said it and there is no fixed default. */
  readonly value?: SettingValue;
  readonly origin: string;
  readonly changes: "live" | "restart";
}

/** Every setting with its value and where it comes from; secrets are masked. */
export function shownSettings(configuration: Configuration): ShownSetting[] {
  const shown = [...everySetting].filter(([key]) => keptKey(key) === key);
  const listeners = configuration.listeners.map(({ values, origin }, index) => ({
    name: `listener ${index + 1}`,
    value: tomlLine(values),
    origin: originText(origin),
    changes: "restart" as const,
  }));
  return [
    ...shown.map(([key, row]) => {
      const value = effectiveValue(configuration, key);
      const said = configuration.origins.get(key);
      const told = said === undefined || value === undefined ? value : masked(row, value);
      const origin = originText(said ?? { from: "default" });
      return { name: key, ...(told !== undefined && { value: told }), origin, changes: row.changes };
    }),
    ...listeners,
  ];
}

/** Shown settings as aligned lines of `name = value  # origin`. */
export function shownText(rows: readonly ShownSetting[]): string {
  const left = rows.map(({ name, value }) => {
    const row = everySetting.get(name as SettingKey);
    const form = value === undefined || row === undefined ? value : fileForm(row.kind, value);
    return form === undefined ? `${name} is not set` : `${name} = ${tomlValue(form)}`;
  });
  const width = Math.min(56, Math.max(...left.map((text) => text.length)));
  return rows.map(({ origin }, at) => `${(left[at] ?? "").padEnd(width)}  # ${origin}\n`).join("");
}

/** A configuration file that says nothing: every setting with its meaning, its default and what it takes, as comments. */
export function sampleFile(): string {
  const lines = [
    "# Sallyport's configuration: sallyport serve --config FILE",
    "# Every line that begins with #name = is the default; remove the # to change it. Paths are meant from this file's",
    "# directory. Check it with: sallyport config check FILE",
    "# A setting that says (restart) is taken up when the server starts, all others at SIGHUP too, for new connections.",
    "",
    ...settingNames.flatMap((name) => sampleLines(name, settingRows[name])),
    "# Bounds on what a peer can make the server do. [limits] has to stand after all settings above.",
    "[limits]",
    "",
    ...Object.entries(limitRows).flatMap(([name, row]) => (secondNames.has(name) ? [] : sampleLines(name, row))),
    "# Listeners with policies of their own, instead of listen, explicit-port and implicit-port.",
    "#[[listener]]",
    ...Object.entries(listenerRows).map(([name, row]) => `#${name} = ${tomlValue(fileForm(row.kind, exampleOf(row)))}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** A value that a setting could have, where it has no default. */
function exampleOf({ kind, many, limit, default: usual = limit && limitRows[limit]?.default }: Setting): SettingValue {
  if (usual !== undefined && !(Array.isArray(usual) && usual.length === 0)) return usual;
  const one = kind.is === "choice" ? (kind.values[0] ?? "") : examples[kind.is];
  return many === true ? [String(one)] : one;
}

/** The value of a setting as TOML writes it. */
export function tomlValue(value: SettingValue): string {
  return stringify({ value })
    .trim()
    .replace(/^value = /, "");
}

/** Limits that are settings by another name. */
const secondNames: ReadonlySet<string> = new Set(settingNames.flatMap((name) => settingRows[name].limit ?? []));

const examples = {
  switch: true,
  quantity: 1,
  port: 2121,
  "bound-port": 2121,
  "port-range": "50000-50999",
  address: "192.0.2.1",
  "ipv4-address": "192.0.2.1",
  "host-name": "ftp.example.org",
  path: "path/to/it",
  line: "FTP server ready.",
  text: "ftp",
} as const;

function sampleLines(name: string, row: Setting): string[] {
  const restart = row.changes === "restart" ? " (restart)" : "";
  const usual = row.defaultText === undefined ? "" : ` Default: ${row.defaultText}.`;
  const list = row.many === true ? "a list, each " : "";
  return [
    `# ${row.meaning}${restart}.${usual}`,
    `# ${list}${allowedText(row.kind)}`,
    `#${name} = ${tomlValue(fileForm(row.kind, exampleOf(row)))}`,
    "",
  ];
}

function masked(row: Setting, value: SettingValue): SettingValue {
  return row.secret === true ? "********" : value;
}

function tomlLine(values: object): string {
  return stringify(values).trim().replaceAll("\n", ", ");
}
