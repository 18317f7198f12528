import { dirname, join } from "node:path";
import type { LimitName } from "@sallyport/protocol";
import { isProblem, parseToml, readSmallFile } from "./document-file.ts";
import { everySetting, emptyLayer, type Layer, type Said, type SaidListener, type SettingKey } from "./layers.ts";
import type { Problem } from "./problem.ts";
import { checkDocument, type ConfigDocument } from "./schema.ts";
import { isRelativePath, type SettingValue } from "./setting-kinds.ts";
import { settingNames, settingRows } from "./setting-table.ts";
import type { KeyPath } from "./toml-positions.ts";
import type { Setting } from "./setting.ts";

/** What a file says, and everything that is wrong with it; what is wrong is not part of what it says. */
export interface ReadFile {
  readonly layer: Layer;
  readonly problems: readonly Problem[];
}

/**
 * Reads a configuration file.
 *
 * @throws {ConfigError} SALLYPORT_INPUT_UNREADABLE.
 */
export function readConfigFile(file: string): ReadFile {
  return readConfigText(
    readSmallFile(file, { what: "configuration", advice: 'name the file that "sallyport config init" began' }),
    file,
  );
}

/** Reads the text of a configuration file; paths in it are meant from the file's directory. */
export function readConfigText(text: string, file: string): ReadFile {
  const parsed = parseToml(text, file);
  if (isProblem(parsed)) return { layer: emptyLayer, problems: [parsed] };
  const { given, originOf } = parsed;
  const first = checkDocument(given);
  const faults = "faults" in first ? first.faults : [];
  const sound = "faults" in first ? checkDocument(without(given, faults)) : first;
  const problems = faults
    .map(({ path, text: what }) => ({ origin: originOf(path), key: String(path[0] ?? ""), text: what }))
    .toSorted((left, right) => left.origin.line - right.origin.line || left.origin.column - right.origin.column);
  if ("faults" in sound) return { layer: emptyLayer, problems };
  const said = new Map(saidValues(sound.document, file, originOf));
  const listeners: SaidListener[] = (sound.document.listener ?? []).map((values, index) => ({
    values,
    origin: originOf(["listener", index]),
  }));
  return { layer: { said, listeners }, problems };
}

function* saidValues(
  document: ConfigDocument,
  file: string,
  originOf: (path: KeyPath) => Said["origin"],
): Generator<[SettingKey, Said]> {
  for (const name of settingNames) {
    const value = document[name];
    if (value === undefined) continue;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema made it of the setting's row
    yield [name, { value: fromFile(value as SettingValue, settingRows[name], file), origin: originOf([name]) }];
  }
  for (const [name, value] of Object.entries(document.limits ?? {})) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema knows limits alone
    const key = `limits.${name as LimitName}` as const;
    if (everySetting.has(key) && value !== undefined) yield [key, { value, origin: originOf(["limits", name]) }];
  }
}

function fromFile(value: SettingValue, { kind }: Setting, file: string): SettingValue {
  const absolute = (path: string) => (isRelativePath(kind, path) ? join(dirname(file), path) : path);
  if (typeof value === "string") return absolute(value);
  return typeof value === "object" ? value.map(absolute) : value;
}

/** The document without what is wrong, so that the rest can be judged too. */
function without(document: object, faults: readonly { readonly path: KeyPath }[]): unknown {
  const top = new Set(faults.flatMap(({ path }) => (path[0] === "limits" && path.length > 1 ? [] : [path[0]])));
  const limits = new Set(faults.flatMap(({ path }) => (path[0] === "limits" ? [path[1]] : [])));
  const kept = Object.entries(document).filter(([key]) => !top.has(key));
  return Object.fromEntries(
    kept.map(([key, value]) => [
      key,
      key === "limits" && typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).filter(([name]) => !limits.has(name)))
        : value,
    ]),
  );
}
