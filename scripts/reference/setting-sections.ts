import {
  allowedText,
  environmentName,
  everySetting,
  fileForm,
  listenerRows,
  type Setting,
  settingNames,
  settingRows,
  tomlValue,
} from "@sallyport/daemon/config";
import { markdownTable, type Sections } from "./sections.ts";

/** Every setting, every limit that can be given, and what a `[[listener]]` can say. */
export function settingSections(): Sections {
  const limits = [...everySetting].filter(([key]) => key.startsWith("limits."));
  return {
    settings: settingNames.map((name) => settingText(name, settingRows[name])).join("\n\n"),
    limits: markdownTable(
      ["Limit", "Default", "Takes", "At SIGHUP", "Variable"],
      limits.map(([key, row]) => [
        `\`${key.replace("limits.", "")}\``,
        `\`${defaultOf(row)}\``,
        allowedText(row.kind),
        changesText(row),
        `\`${environmentName(key.replace(".", "-"))}\``,
      ]),
    ),
    listener: markdownTable(
      ["Name", "Means", "Takes", "Default", "At SIGHUP"],
      Object.entries<Setting>(listenerRows).map(([name, row]) => [
        `\`${name}\``,
        row.meaning,
        takesOf(row),
        row.ofListener === true ? `what \`${name}\` says above` : defaultText(row),
        changesText(row),
      ]),
    ),
  };
}

function settingText(name: string, row: Setting): string {
  const facts = [
    `takes ${takesOf(row)}`,
    `default: ${defaultText(row)}`,
    `at SIGHUP: ${changesText(row)}`,
    `variable \`${environmentName(name)}\``,
    ...(row.limit === undefined ? [] : [`another name for the limit \`${row.limit}\``]),
  ];
  return [`### ${name}`, `${row.meaning}.`, facts.map((fact) => `- ${fact}`).join("\n")].join("\n\n");
}

function takesOf({ kind, many }: Setting): string {
  const one = kind.is === "choice" ? kind.values.map((value) => `\`${value}\``).join(", ") : allowedText(kind);
  return many === true ? `a list, each ${kind.is === "choice" ? "one of " : ""}${one}` : one;
}

function defaultText(row: Setting): string {
  if (row.defaultText !== undefined) return row.defaultText;
  const isNone = row.default === undefined || (Array.isArray(row.default) && row.default.length === 0);
  return isNone ? "none" : `\`${defaultOf(row)}\``;
}

function defaultOf({ kind, default: usual }: Setting): string {
  return usual === undefined ? "" : tomlValue(fileForm(kind, usual));
}

function changesText({ changes }: Setting): string {
  return changes === "live" ? "for new connections" : "after a restart";
}
