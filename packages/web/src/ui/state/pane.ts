import { batch, computed, effect, signal } from "@preact/signals";
import type { EntryJson, LoginJson, ProblemJson } from "../../api/api.ts";
import { problemOf, Server } from "../gateway-client.ts";
import { childPath, isSafeName } from "../paths.ts";
import { texts } from "../texts/language.ts";
import { isOver, login as mainLogin } from "./login.ts";
import { isBroken } from "./sending.ts";
import { isFew, orderOf, pausing, sortedInSlices, type Sorting, type SortKey } from "./order.ts";
import { showsHidden } from "./preferences.ts";

/** Of what was done last, for those who cannot see it. */
export const announcement = signal("");

let lastId = 0;

/** One directory of one server, as the page shows it. */
export class Pane {
  readonly id = ++lastId;
  readonly login = signal<LoginJson>();
  readonly path = signal("");
  readonly isLoading = signal(false);
  /** Why the directory cannot be shown. */
  readonly listProblem = signal<ProblemJson>();
  /** Why the latest change was not made. */
  readonly changeProblem = signal<ProblemJson>();
  readonly filter = signal("");
  readonly sort = signal<Sorting>({ key: "name", isDescending: false });
  readonly selected = signal<ReadonlySet<string>>(new Set());
  /** The row that the keyboard is at. */
  readonly cursor = signal(0);
  /** Where a range of selected rows begins. */
  anchor = 0;
  /** The name that is being changed in its row. */
  readonly renaming = signal<string>();
  /** What was typed in its place before, where that would not do. */
  typedName: string | undefined;
  /** What is shown, in its order. */
  readonly shown = signal<readonly EntryJson[]>([]);
  /** How many entries are hidden, since their names begin with a dot. */
  readonly hiddenCount = computed(() =>
    showsHidden.value ? 0 : this.#entries.value.reduce((count, { name }) => count + Number(isHidden(name)), 0),
  );
  /** Those of what is shown that are selected. */
  readonly chosen = computed(() =>
    this.selected.value.size === 0 ? [] : this.shown.value.filter(({ name }) => this.selected.value.has(name)),
  );
  readonly #entries = signal<readonly EntryJson[]>([]);
  #loading = new AbortController();
  #arranging = new AbortController();
  /** The name to go to, once it is there. */
  #wanted: string | undefined;
  readonly #stopArranging = effect(() => this.#arrange());

  /** The server of its login, as the page uses it. */
  get server(): Server | undefined {
    return this.login.value === undefined ? undefined : new Server(this.login.value.id);
  }

  get current(): EntryJson | undefined {
    return this.shown.value[this.cursor.value];
  }

  /** Shows another server, from `path` on or where its login begins. */
  start(login: LoginJson, path = login.path): Promise<void> {
    const home = path === "" ? "/" : path;
    batch(() => {
      this.login.value = login;
      this.listProblem.value = undefined;
      this.changeProblem.value = undefined;
      this.#leaveFor(home, []);
    });
    return this.open(home);
  }

  /** Stays where it is with another login at the same server. */
  goOn(login: LoginJson): Promise<void> {
    this.login.value = login;
    return this.reload();
  }

  /** Shows a directory; entries appear as they come. What was shown stays where the listing fails. */
  async open(wanted: string, focusOn?: string): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.#loading.abort();
    const { signal: stop } = (this.#loading = new AbortController());
    const isSame = wanted === this.path.value && this.#entries.value.length > 0;
    this.isLoading.value = true;
    this.listProblem.value = undefined;
    try {
      const read = (): Promise<readonly EntryJson[]> => this.#read(server, wanted, stop, isSame);
      // A connection that broke is found out by using it: the gateway has another one for the second time.
      const found = await read().catch((error: unknown) => {
        if (stop.aborted || !isBroken(error)) throw error;
        return read();
      });
      if (stop.aborted) return;
      const t = texts.value.files;
      this.#wanted = focusOn;
      this.#show(wanted, found);
      announcement.value = t.listed(wanted, t.entries(found.length));
    } catch (error) {
      if (stop.aborted) return;
      const { value: of } = this.login;
      // The page asks for the first login anew; that of another server is asked for in its pane.
      if (isOver(error, of) && of?.id === mainLogin.value?.id) return;
      this.listProblem.value = problemOf(error);
    } finally {
      if (!stop.aborted) this.isLoading.value = false;
    }
  }

  reload(focusOn?: string): Promise<void> {
    return this.open(this.path.value, focusOn);
  }

  select(chosen: Iterable<string>): void {
    this.selected.value = new Set(chosen);
  }

  toggle(name: string): void {
    const now = new Set(this.selected.value);
    if (!now.delete(name)) now.add(name);
    this.select(now);
  }

  selectRange(from: number, to: number): void {
    const [first, last] = from < to ? [from, to] : [to, from];
    this.select(this.shown.value.slice(first, last + 1).map(({ name }) => name));
  }

  /** Moves to a row and selects it, or with `isRange` all from where the range began. */
  moveCursor(index: number, isRange = false): void {
    const name = this.shown.value[index]?.name;
    if (name === undefined) return;
    this.cursor.value = index;
    if (isRange) return this.selectRange(this.anchor, index);
    this.anchor = index;
    this.select([name]);
  }

  sortBy(key: SortKey): void {
    const { key: current, isDescending } = this.sort.value;
    this.sort.value = { key, isDescending: key === current && !isDescending };
  }

  pathOf(name: string): string {
    return childPath(this.path.value, name);
  }

  /** Who has a name, hidden ones included. */
  find(name: string): EntryJson | undefined {
    return this.#entries.value.find((entry) => entry.name === name);
  }

  /** Has a name changed in its row, from what was typed before on. */
  beginRenaming(name: string | undefined, typed?: string): void {
    this.changeProblem.value = undefined;
    this.typedName = typed;
    this.renaming.value = name;
  }

  /** Does something with the server, tells how it went, and shows what it came to; resolves to why it was not done. */
  async change(
    done: string,
    work: (server: Server) => Promise<void>,
    focusOn?: string,
  ): Promise<ProblemJson | undefined> {
    const { server } = this;
    if (server === undefined) return undefined;
    this.changeProblem.value = undefined;
    try {
      await work(server);
      announcement.value = done;
    } catch (error) {
      if (isOver(error, this.login.value)) return undefined;
      this.changeProblem.value = problemOf(error);
    }
    const problem = this.changeProblem.value;
    await this.reload(focusOn);
    return problem;
  }

  [Symbol.dispose](): void {
    this.#loading.abort();
    this.#arranging.abort();
    this.#stopArranging();
  }

  /** Reads a directory, and shows what has come so far unless it is shown already. */
  async #read(server: Server, wanted: string, stop: AbortSignal, isSame: boolean): Promise<readonly EntryJson[]> {
    const found: EntryJson[] = [];
    let next = 1;
    const pause = pausing(stop);
    for await (const piece of server.list(wanted, stop)) {
      if (!(await pause())) return found;
      for (const entry of piece) if (isSafeName(entry.name)) found.push(entry);
      // Each showing sorts them all: four times as many for the next one.
      if (isSame || found.length < next) continue;
      this.#show(wanted, [...found]);
      next = found.length * 4;
    }
    return found;
  }

  #show(wanted: string, found: readonly EntryJson[]): void {
    if (this.path.value === wanted) this.#entries.value = found;
    else batch(() => this.#leaveFor(wanted, found));
  }

  /** What was selected, filtered or being renamed was so where one was before. */
  #leaveFor(path: string, found: readonly EntryJson[]): void {
    this.path.value = path;
    this.filter.value = "";
    this.selected.value = new Set();
    this.cursor.value = 0;
    this.anchor = 0;
    this.renaming.value = undefined;
    this.#entries.value = found;
  }

  /** Puts what there is in order: few at once, many a piece at a time. */
  #arrange(): void {
    const wanted = this.filter.value.toLowerCase();
    const isSeen = ({ name }: EntryJson): boolean =>
      (showsHidden.value || !isHidden(name)) && (wanted === "" || name.toLowerCase().includes(wanted));
    const found = this.#entries.value.filter((entry) => isSeen(entry));
    const order = orderOf(this.sort.value);
    this.#arranging.abort();
    if (isFew(found)) return this.#place(found.toSorted(order));
    const { signal: stop } = (this.#arranging = new AbortController());
    void sortedInSlices(found, order, stop).then((sorted) => {
      if (sorted !== undefined && !stop.aborted) this.#place(sorted);
    });
  }

  #place(sorted: readonly EntryJson[]): void {
    batch(() => {
      this.shown.value = sorted;
      const at = this.#wanted === undefined ? -1 : sorted.findIndex(({ name }) => name === this.#wanted);
      if (at >= 0) {
        this.cursor.value = at;
        this.anchor = at;
        this.selected.value = new Set([sorted[at]?.name ?? ""]);
        this.#wanted = undefined;
      }
    });
  }
}

function isHidden(name: string): boolean {
  return name.startsWith(".");
}
