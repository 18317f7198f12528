import { childPath } from "../paths.ts";
import { texts } from "../texts/language.ts";
import { askName, confirm, showDetails } from "./dialogs.ts";
import type { Pane } from "./pane.ts";
import { enqueueUploads } from "./queue.ts";

export async function makeDirectory(pane: Pane): Promise<void> {
  const t = texts.value.files;
  pane.changeProblem.value = undefined;
  const refuse = (wanted: string): string | undefined => (pane.has(wanted) ? t.taken(wanted) : undefined);
  const asked = { title: t.newFolder, label: texts.value.common.name, initial: "", action: t.create, refuse };
  const name = await askName(asked);
  if (name === undefined) return;
  await pane.change(t.folderMade(name), (server) => server.makeDirectory(pane.pathOf(name)), name);
}

/** Makes an empty file; a name that is taken is asked about, as for any upload. */
export async function makeFile(pane: Pane): Promise<void> {
  const t = texts.value.files;
  const name = await askName({ title: t.newFile, label: texts.value.common.name, initial: "", action: t.create });
  const login = pane.login.value;
  if (name === undefined || login === undefined) return;
  enqueueUploads(login, [{ file: new File([], name), path: pane.pathOf(name) }]);
}

export async function rename(pane: Pane, from: string, to: string): Promise<void> {
  pane.renaming.value = undefined;
  if (to === "" || to === from || to.includes("/")) return;
  const t = texts.value.files;
  if (pane.has(to)) {
    const isSure = await confirm({ title: t.taken(to), text: t.takenText, action: texts.value.conflict.overwrite });
    if (!isSure) return;
  }
  const directory = pane.path.value;
  await pane.change(
    t.renamed(from, to),
    (server) => server.rename(childPath(directory, from), childPath(directory, to)),
    to,
  );
}

/** Begins to change the name of what is selected, in its row. */
export function beginRename(pane: Pane): void {
  pane.changeProblem.value = undefined;
  const [entry] = pane.chosen.value;
  const name = entry?.name ?? pane.current?.name;
  if (name === undefined) return;
  pane.cursor.value = pane.shown.value.findIndex((each) => each.name === name);
  pane.renaming.value = name;
}

export async function changeMode(pane: Pane, target: string, mode: number): Promise<void> {
  const text = mode.toString(8).padStart(3, "0");
  await pane.change(texts.value.files.modeIs(text), (server) => server.changeMode(target, mode));
}

/** Shows what is known of the entry that is selected. */
export function showSelected(pane: Pane): void {
  const entry = pane.chosen.value[0] ?? pane.current;
  if (entry !== undefined) showDetails(pane, entry);
}

/** Removes what is selected, once a person has agreed. */
export async function removeSelected(pane: Pane): Promise<void> {
  const chosen = pane.chosen.value;
  const [first] = chosen;
  if (first === undefined) return;
  pane.changeProblem.value = undefined;
  const t = texts.value.files;
  const what = chosen.length === 1 ? first.name : t.entries(chosen.length);
  const hasDirectories = chosen.some(({ type }) => type === "directory");
  const text = hasDirectories ? t.deleteFoldersText : t.deleteText;
  if (!(await confirm({ title: t.askDelete(what), text, action: t.remove }))) return;
  const directory = pane.path.value;
  const at = pane.shown.value.indexOf(first);
  const next = pane.shown.value.find((entry, index) => index > at && !chosen.includes(entry));
  await pane.change(
    t.deleted(what),
    async (server) => {
      for (const { name, type } of chosen) await server.remove(childPath(directory, name), type === "directory");
    },
    next?.name,
  );
}
