import { limits, type LimitName } from "@sallyport/protocol";
import { z } from "zod";
import { limitEffect, limitRows } from "./limit-settings.ts";
import { nearestName } from "./nearest-name.ts";
import { peerNameAnswer } from "./peer-names.ts";
import { allowedText, schemaOfKind, type SettingValue } from "./setting-kinds.ts";
import { type ListenerValues, listenerRows, settingNames, settingRows } from "./setting-table.ts";
import type { KeyPath } from "./toml-positions.ts";
import type { Setting } from "./setting.ts";

/** A configuration file as the schema leaves it: every value in its one form. */
export interface ConfigDocument {
  readonly limits?: Readonly<Record<string, SettingValue>>;
  readonly listener?: readonly ListenerValues[];
  readonly [setting: string]: unknown;
}

/** What is wrong at a key of a document. */
export interface Fault {
  readonly path: KeyPath;
  readonly text: string;
}

/** The schema of one setting's value. */
export function schemaOfSetting({ kind, many }: Setting): z.ZodType<SettingValue> {
  const one = schemaOfKind(kind);
  if (many !== true) return one;
  const list = z.array(one.pipe(z.string())).max(listLengthMax);
  return z.union([list, one.pipe(z.string()).transform((value) => [value])]);
}

/** Checks a parsed document. Where it is not in order, everything that is wrong is told. */
export function checkDocument(
  document: unknown,
): { readonly document: ConfigDocument } | { readonly faults: readonly Fault[] } {
  const result = documentSchema.safeParse(document);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made of the rows whose types ConfigDocument has
  if (result.success) return { document: result.data as ConfigDocument };
  return { faults: result.error.issues.flatMap((issue) => faultsOf(issue, document)) };
}

/** What a setting takes, as the end of a complaint. */
export function takesText(name: string, row: Setting, given: unknown): string {
  const list = row.many === true ? "a list, each " : "";
  return `${name} takes ${list}${allowedText(row.kind)}, not ${givenText(given)}`;
}

/** What to say of a name that is none of ours. */
function unknownNameText(name: string, known: readonly string[], where: string): string {
  const shown = name.slice(0, 64).replace(/\p{Cc}/gu, "?");
  const peers = peerNameAnswer(name);
  if (peers !== undefined) return peers;
  const settings = shorthands[name];
  if (settings !== undefined) return `--${name} is for the command line alone; in a file it is ${settings}`;
  const near = nearestName(name, known);
  const hint = near === undefined ? `"sallyport config init" writes down all there are` : `the nearest is ${near}`;
  return `there is no setting "${shown}"${where}; ${hint}`;
}

/** Flags of `serve` that stand for settings. */
const shorthands: Readonly<Record<string, string>> = {
  "standard-ports": "explicit-port = 21 and implicit-port = 990",
  plain: 'require-tls = "none"',
};

const listLengthMax = 256;
const listenersMax = 64;

function optionalShape(rows: Readonly<Record<string, Setting>>): Record<string, z.ZodType> {
  return Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, schemaOfSetting(row).optional()]));
}

const documentSchema = z.strictObject({
  ...optionalShape(settingRows),
  limits: z.strictObject(optionalShape(limitRows)).optional(),
  listener: z
    .array(z.strictObject({ ...optionalShape(listenerRows), mode: schemaOfSetting(listenerRows.mode) }))
    .max(listenersMax)
    .optional(),
});

function faultsOf(issue: z.core.$ZodIssue, document: unknown): Fault[] {
  const path = issue.path.filter((part) => typeof part !== "symbol");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: [...path, key], text: unknownText(path, key) }));
  }
  return [{ path, text: wrongText(path, document) }];
}

function unknownText(path: KeyPath, key: string): string {
  const [table] = path;
  if (table === "limits") return unknownLimitText(key);
  if (table === "listener") return unknownNameText(key, Object.keys(listenerRows), " of a [[listener]]");
  if (Object.hasOwn(limitRows, key)) return `${key} is a limit; write it below a line [limits]`;
  return unknownNameText(key, [...settingNames, "limits", "listener"], "");
}

function unknownLimitText(key: string): string {
  const row = settingNames.find((name) => name === key);
  if (row !== undefined) return `${key} is no limit; write it above the line [limits]`;
  if (isLimit(key) && limitEffect(key) === "fixed") return `the limit ${key} is fixed and cannot be given`;
  return unknownNameText(key, Object.keys(limitRows), " in [limits]");
}

function isLimit(name: string): name is LimitName {
  return Object.hasOwn(limits, name);
}

function wrongText(path: KeyPath, document: unknown): string {
  const [table, member, name] = path;
  const given = valueAt(document, path);
  if (table === "limits" && path.length > 1) return takes(limitRows, member, given);
  if (table === "limits") return "limits is a table: write [limits] on a line of its own and the limits below it";
  if (table !== "listener") return takes(settingRows, table, valueAt(document, path.slice(0, 1)));
  if (name === "mode" && given === undefined) return 'this [[listener]] needs its mode, "explicit" or "implicit"';
  if (name !== undefined) return takes(listenerRows, name, given);
  return `listener is a list of at most ${listenersMax} tables: write [[listener]] on a line of its own for each`;
}

function takes(rows: Readonly<Partial<Record<string, Setting>>>, name: string | number | undefined, given: unknown) {
  const row = rows[String(name)];
  return row === undefined ? `${name} is not understood` : takesText(String(name), row, given);
}

function valueAt(document: unknown, path: KeyPath): unknown {
  let value = document;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.entries(value).find(([key]) => key === String(part))?.[1];
  }
  return value;
}

/** A value as it was given, short and without anything that a terminal would act on. */
function givenText(given: unknown): string {
  const text = JSON.stringify(given) ?? "nothing";
  return (text.length > 80 ? `${text.slice(0, 77)}…` : text).replace(/\p{Cc}/gu, "?");
}
