import { computed, signal } from "@preact/signals";
import type { EntryJson, LoginJson, ProblemJson } from "../../api/api.ts";
import { Problem, problemOf } from "../gateway-client.ts";
import { childPath, isSafeName } from "../paths.ts";
import { askName, confirm, showDetails } from "./dialogs.ts";
import { leave, login, serverOf } from "./login.ts";
import { texts } from "../texts/language.ts";

export type SortKey = "name" | "size" | "modified";

export const path = signal("/");
export const isLoading = signal(false);
/** Why the directory cannot be shown. */
export const listProblem = signal<ProblemJson | undefined>(undefined);
/** Why the latest change was not made. */
export const changeProblem = signal<ProblemJson | undefined>(undefined);
export const filter = signal("");
export const sort = signal<{ readonly key: SortKey; readonly isDescending: boolean }>({
  key: "name",
  isDescending: false,
});
export const selected = signal<ReadonlySet<string>>(new Set());
/** The row that the keyboard is at. */
export const cursor = signal(0);
/** The name that is being changed in its row. */
export const renaming = signal<string | undefined>(undefined);
/** Of what was done last, for those who cannot see it. */
export const announcement = signal("");

const entries = signal<readonly EntryJson[]>([]);

export const shown = computed<readonly EntryJson[]>(() => {
  const wanted = filter.value.toLowerCase();
  const found = wanted === "" ? entries.value : entries.value.filter(({ name }) => name.toLowerCase().includes(wanted));
  return found.toSorted(orders[sort.value.key](sort.value.isDescending ? -1 : 1));
});

const names = new Intl.Collator(navigator.languages, { numeric: true, sensitivity: "base" });

type Order = (one: EntryJson, other: EntryJson) => number;

/** Directories stand before files whatever they are sorted by. */
const orders: Readonly<Record<SortKey, (direction: 1 | -1) => Order>> = {
  name: (direction) => (one, other) => kindOrder(one, other) || direction * names.compare(one.name, other.name),
  size: (direction) => (one, other) =>
    kindOrder(one, other) || direction * ((one.size ?? -1) - (other.size ?? -1)) || names.compare(one.name, other.name),
  modified: (direction) => (one, other) =>
    kindOrder(one, other) ||
    direction * (one.modified ?? "").localeCompare(other.modified ?? "") ||
    names.compare(one.name, other.name),
};

function kindOrder(one: EntryJson, other: EntryJson): number {
  return Number(other.type === "directory") - Number(one.type === "directory");
}

let loading = new AbortController();

/** Shows a directory; entries appear as they come. What was shown stays where the listing fails. */
export async function open(wanted: string, focusOn?: string): Promise<void> {
  const current = login.value;
  if (current === undefined) return;
  loading.abort();
  const { signal: stop } = (loading = new AbortController());
  const isSame = wanted === path.value;
  isLoading.value = true;
  listProblem.value = undefined;
  try {
    const found: EntryJson[] = [];
    let next = 1;
    for await (const piece of serverOf(current).list(wanted, stop)) {
      if (stop.aborted) return;
      for (const entry of piece) if (isSafeName(entry.name)) found.push(entry);
      // Each showing sorts them all: twice as many for the next one.
      if (isSame || found.length < next) continue;
      show(wanted, [...found]);
      next = found.length * 2;
    }
    if (stop.aborted) return;
    const t = texts.value.files;
    show(wanted, found);
    if (focusOn !== undefined) moveTo(focusOn);
    announcement.value = t.listed(wanted, t.entries(found.length));
  } catch (error) {
    if (stop.aborted) return;
    if (isOver(error)) return;
    listProblem.value = problemOf(error);
  } finally {
    if (!stop.aborted) isLoading.value = false;
  }
}

export function reload(focusOn?: string): Promise<void> {
  return open(path.value, focusOn);
}

/** Begins where a login begins. */
export function start({ path: home }: LoginJson): Promise<void> {
  entries.value = [];
  path.value = "";
  return open(home === "" ? "/" : home);
}

function show(wanted: string, found: readonly EntryJson[]): void {
  if (path.value !== wanted) {
    path.value = wanted;
    filter.value = "";
    selected.value = new Set();
    cursor.value = 0;
    renaming.value = undefined;
  }
  entries.value = found;
}

function moveTo(name: string): void {
  const at = shown.value.findIndex((entry) => entry.name === name);
  if (at < 0) return;
  cursor.value = at;
  selected.value = new Set([name]);
}

export function select(chosen: Iterable<string>): void {
  selected.value = new Set(chosen);
}

export function sortBy(key: SortKey): void {
  const { key: current, isDescending } = sort.value;
  sort.value = { key, isDescending: key === current && !isDescending };
}

export async function makeDirectory(): Promise<void> {
  const t = texts.value.files;
  const name = await askName({ title: t.newFolder, label: texts.value.common.name, initial: "", action: t.create });
  if (name === undefined) return;
  await change(t.folderMade(name), (server) => server.makeDirectory(childPath(path.value, name)), name);
}

export async function rename(from: string, to: string): Promise<void> {
  renaming.value = undefined;
  if (to === "" || to === from) return;
  const directory = path.value;
  await change(
    texts.value.files.renamed(from, to),
    (server) => server.rename(childPath(directory, from), childPath(directory, to)),
    to,
  );
}

export async function changeMode(target: string, mode: number): Promise<void> {
  const text = mode.toString(8).padStart(3, "0");
  await change(texts.value.files.modeIs(text), (server) => server.changeMode(target, mode));
}

/** Shows what is known of the entry that is selected. */
export function showSelected(): void {
  const entry = shown.value.find(({ name }) => selected.value.has(name));
  if (entry !== undefined) showDetails(childPath(path.value, entry.name), entry);
}

/** Removes what is selected, once a person has agreed. */
export async function removeSelected(): Promise<void> {
  const chosen = shown.value.filter(({ name }) => selected.value.has(name));
  const [first] = chosen;
  if (first === undefined) return;
  const t = texts.value.files;
  const what = chosen.length === 1 ? first.name : t.entries(chosen.length);
  const hasDirectories = chosen.some(({ type }) => type === "directory");
  const text = hasDirectories ? t.deleteFoldersText : t.deleteText;
  if (!(await confirm({ title: t.askDelete(what), text, action: t.remove }))) return;
  const directory = path.value;
  await change(t.deleted(what), async (server) => {
    for (const { name, type } of chosen) await server.remove(childPath(directory, name), type === "directory");
  });
}

async function change(
  done: string,
  work: (server: ReturnType<typeof serverOf>) => Promise<void>,
  focusOn?: string,
): Promise<void> {
  const current = login.value;
  if (current === undefined) return;
  changeProblem.value = undefined;
  try {
    await work(serverOf(current));
    announcement.value = done;
  } catch (error) {
    if (isOver(error)) return;
    changeProblem.value = problemOf(error);
  }
  await reload(focusOn);
}

/** A gateway that was started anew, or forgot this login, has to be signed in to again. */
export function isOver(error: unknown): boolean {
  const isGone = error instanceof Problem && error.status === 401;
  if (isGone) leave("forgotten");
  return isGone;
}
