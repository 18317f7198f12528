import { checkIds, explainCheck, type CheckSet } from "@sallyport/inspector";
import { markdownTable, type Sections } from "./sections.ts";

/** Every check of the inspector, from its row. */
export function checkSections(): Sections {
  const rows = checkIds.flatMap((id) =>
    (explainCheck(id)?.checks ?? []).map(({ name, title, set, reference }) => [
      id,
      `\`${name}\``,
      title,
      sets[set],
      reference,
    ]),
  );
  return { checks: markdownTable(["ID", "Name", "What is found out", "Takes", "Written in"], rows) };
}

const sets: Readonly<Record<CheckSet, string>> = { default: "nothing", login: "a login", deep: "`--deep`" };
