import { signal } from "@preact/signals";
import type { EntryJson } from "../../api/api.ts";
import { childPath } from "../paths.ts";
import { texts } from "../texts/language.ts";
import { askConflict, type ConflictChoice } from "./dialogs.ts";
import { serverOf } from "./login.ts";
import type { Pane } from "./pane.ts";
import { panes, reloadWhere } from "./panes.ts";
import { enqueueCopy } from "./queue.ts";
import type { Carried, Place } from "./carried.ts";

/** What was cut or copied, until it is pasted. */
export const clipboard = signal<(Carried & { readonly isCut: boolean }) | undefined>(undefined);

/** What is being dragged within the page. */
export const dragged = signal<Carried | undefined>(undefined);

/** What is selected in a pane. */
export function carriedOf(pane: Pane): Carried | undefined {
  const login = pane.login.value;
  const entries = pane.chosen.value;
  return login === undefined || entries.length === 0 ? undefined : { login, directory: pane.path.value, entries };
}

export function takeToClipboard(pane: Pane, isCut: boolean): void {
  const carried = carriedOf(pane);
  if (carried !== undefined) clipboard.value = { ...carried, isCut };
}

export async function paste(pane: Pane): Promise<void> {
  const carried = clipboard.value;
  const login = pane.login.value;
  if (carried === undefined || login === undefined) return;
  if (carried.isCut) clipboard.value = undefined;
  await carry(carried, { login, directory: pane.path.value }, carried.isCut);
}

/** Whether something may go there: not into itself, and not to where it is. */
export function mayGo({ login, directory, entries }: Carried, place: Place, isMove: boolean): boolean {
  if (login.id !== place.login.id) return true;
  if (isMove && directory === place.directory) return false;
  const into = place.directory.endsWith("/") ? place.directory : `${place.directory}/`;
  return entries.every(({ name }) => !into.startsWith(`${childPath(directory, name)}/`));
}

/** Copies or moves: within a server a move is a rename, everything else goes through the queue. */
export async function carry(carried: Carried, place: Place, isMove: boolean): Promise<void> {
  if (!mayGo(carried, place, isMove)) return;
  const isBeside = carried.login.id === place.login.id && carried.directory === place.directory;
  const taken = isBeside ? [] : await takenOf(carried, place);
  const [first] = taken;
  const choice = first === undefined ? undefined : await askAbout(first, place, taken.length - 1);
  if (first !== undefined && choice === undefined) return;
  const policy = choice?.policy ?? "skip";
  const isRename = isMove && carried.login.id === place.login.id && (policy === "skip" || policy === "overwrite");
  if (!isRename) return enqueueCopy(carried, place, { isMove, onConflict: isBeside ? "rename" : policy });
  const left = new Set(policy === "skip" ? taken.map(({ source }) => source.name) : []);
  await renameInto({ ...carried, entries: carried.entries.filter(({ name }) => !left.has(name)) }, place);
}

interface Taken {
  readonly source: EntryJson;
  readonly target: EntryJson;
}

/** Which names there are already: those of a directory that is shown are known, others are asked for, up to a point. */
async function takenOf({ entries }: Carried, { login, directory }: Place): Promise<readonly Taken[]> {
  const shown = panes.value.find((pane) => pane.login.value?.id === login.id && pane.path.value === directory);
  if (shown !== undefined) {
    const byName = new Map(shown.shown.value.map((entry) => [entry.name, entry]));
    return entries.flatMap((source) => {
      const target = byName.get(source.name);
      return target === undefined ? [] : [{ source, target }];
    });
  }
  const taken: Taken[] = [];
  for (const source of entries.slice(0, askedMost)) {
    const target = await serverOf(login)
      .stat(childPath(directory, source.name))
      .catch(() => undefined);
    if (target !== undefined) taken.push({ source, target });
  }
  return taken;
}

const askedMost = 20;

function askAbout({ source, target }: Taken, place: Place, others: number): Promise<ConflictChoice | undefined> {
  const facts = {
    size: source.size,
    modifiedMs: source.modified === undefined ? Number.NaN : Date.parse(source.modified),
  };
  return askConflict({ path: childPath(place.directory, source.name), source: facts, target, others, isForAll: true });
}

async function renameInto({ login, directory, entries }: Carried, place: Place): Promise<void> {
  const pane = panes.value.find((each) => each.login.value?.id === login.id);
  if (pane === undefined || entries.length === 0) return;
  const what = entries.length === 1 ? (entries[0]?.name ?? "") : texts.value.files.entries(entries.length);
  await pane.change(texts.value.files.moved(what, place.directory), async (server) => {
    for (const { name } of entries) await server.rename(childPath(directory, name), childPath(place.directory, name));
  });
  for (const each of [directory, place.directory]) reloadWhere(login.id, each);
}
