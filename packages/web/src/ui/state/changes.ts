import type { EntryJson, ProblemJson } from "../../api/api.ts";
import type { Server } from "../gateway-client.ts";
import { childPath } from "../paths.ts";
import { texts } from "../texts/language.ts";
import { askName, confirm, showDetails } from "./dialogs.ts";
import type { Pane } from "./pane.ts";
import { enqueueUploads } from "./queue.ts";

/** Makes a folder; a name that will not do is asked for again, with the reason. */
export async function makeDirectory(pane: Pane): Promise<void> {
  const t = texts.value.files;
  pane.changeProblem.value = undefined;
  const refuse = (wanted: string): string | undefined => (pane.find(wanted) ? t.taken(wanted) : undefined);
  const asked = { title: t.newFolder, label: texts.value.common.name, action: t.create, refuse };
  let initial = "";
  let problem: ProblemJson | undefined;
  do {
    const name = await askName({ ...asked, initial, problem });
    if (name === undefined) return;
    problem = await pane.change(t.folderMade(name), (server) => server.makeDirectory(pane.pathOf(name)), name);
    // The dialog tells it.
    pane.changeProblem.value = undefined;
    initial = name;
  } while (problem !== undefined);
}

/** Makes an empty file; a name that is taken is asked about, as for any upload. */
export async function makeFile(pane: Pane): Promise<void> {
  const t = texts.value.files;
  pane.changeProblem.value = undefined;
  const name = await askName({ title: t.newFile, label: texts.value.common.name, initial: "", action: t.create });
  const login = pane.login.value;
  if (name === undefined || login === undefined) return;
  enqueueUploads(login, [{ file: new File([], name), path: pane.pathOf(name) }]);
}

/** Why nothing here can be called that. */
export function nameFault(pane: Pane, from: string, to: string): string | undefined {
  const t = texts.value.files;
  if (to.includes("/")) return t.nameAlone;
  return to !== from && pane.find(to)?.type === "directory" ? t.taken(to) : undefined;
}

/** Gives another name, once a person has agreed to what is lost by it; a name that was not given can be typed on. */
export async function rename(pane: Pane, from: string, to: string): Promise<void> {
  pane.renaming.value = undefined;
  if (to === "" || to === from) return;
  const t = texts.value.files;
  if (pane.find(to) !== undefined) {
    const action = texts.value.conflict.overwrite;
    const isSure = await confirm({ title: t.taken(to), text: t.renameText(from, to), action });
    if (!isSure) return pane.beginRenaming(from, to);
  }
  const directory = pane.path.value;
  const work = (server: Server): Promise<void> => server.rename(childPath(directory, from), childPath(directory, to));
  const problem = await pane.change(t.renamed(from, to), work, to);
  if (problem === undefined || pane.path.value !== directory) return;
  pane.beginRenaming(from, to);
  pane.changeProblem.value = problem;
}

/** Begins to change the name of what is selected, in its row. */
export function beginRename(pane: Pane): void {
  const [entry] = pane.chosen.value;
  const name = entry?.name ?? pane.current?.name;
  if (name === undefined) return;
  pane.cursor.value = pane.shown.value.findIndex((each) => each.name === name);
  pane.beginRenaming(name);
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
  const named = chosen.length === 1 ? "" : `${namesOf(chosen)}. `;
  const text = `${named}${hasDirectories ? t.deleteFoldersText : t.deleteText}`;
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

/** The first few by name, and how many more there are. */
function namesOf(entries: readonly EntryJson[]): string {
  const names = entries.slice(0, namesShown).map(({ name }) => name);
  const more = entries.length - names.length;
  return [...names, ...(more === 0 ? [] : [texts.value.files.more(more)])].join(", ");
}

const namesShown = 5;
