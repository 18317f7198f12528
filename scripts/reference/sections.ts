/** What stands between the marks `<!-- generated: NAME -->` and `<!-- end: NAME -->` of a document, by name. */
export type Sections = Readonly<Record<string, string>>;

/** A document with its sections replaced; a section without marks, and marks without a section, are errors. */
export function withSections(document: string, sections: Sections): string {
  const missing = new Set(Object.keys(sections));
  const replaced = document.replaceAll(
    /(<!-- generated: ([\w-]+) -->\n)[^]*?(<!-- end: \2 -->)/g,
    (_, open: string, name: string, close: string) => {
      const section = sections[name];
      if (section === undefined) throw new Error(`nothing generates the section ${name}`);
      missing.delete(name);
      return `${open}\n${section.trim()}\n\n${close}`;
    },
  );
  if (missing.size > 0) throw new Error(`no marks for ${[...missing].join(", ")}`);
  return replaced;
}

/** A Markdown table as oxfmt leaves it alone: columns padded to their widest cell. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll("|", String.raw`\|`)));
  const widths = head.map((title, at) => Math.max(3, title.length, ...cells.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, at) => (row[at] ?? "").padEnd(width)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...cells.map(line)].join("\n");
}
