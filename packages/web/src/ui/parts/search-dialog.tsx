import type { TargetedSubmitEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { FoundJson, ProblemJson, SearchLine } from "../../api/api.ts";
import { problemOf } from "../gateway-client.ts";
import { childPath } from "../paths.ts";
import { sizeText, visible } from "../quantities.ts";
import { searchedIn } from "../state/layers.ts";
import { isOver } from "../state/login.ts";
import type { Pane } from "../state/pane.ts";
import { texts } from "../texts/language.ts";
import { Icon } from "./icon.tsx";
import { Modal } from "./modal.tsx";
import { ProblemNote } from "./problem-note.tsx";

interface Search {
  readonly found: readonly FoundJson[];
  readonly seen: number;
  readonly end: Extract<SearchLine, { end: unknown }>["end"] | undefined;
  readonly problem: ProblemJson | undefined;
}

const nothing: Search = { found: [], seen: 0, end: undefined, problem: undefined };
/** More are counted, but not drawn. */
const drawnMost = 500;

/** Looks for names below the directory of a pane; what is found leads to where it lies. */
export function SearchDialog({ pane }: { readonly pane: Pane }) {
  const t = texts.value.search;
  const { search, isRunning, begin, stop } = useSearch(pane);
  const close = (): void => void (searchedIn.value = undefined);
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const text = new FormData(event.currentTarget).get("text");
    if (typeof text === "string") void begin(text);
  };
  const show = ({ directory, entry }: FoundJson): void => {
    close();
    if (entry.type === "directory") void pane.open(childPath(directory, entry.name));
    else void pane.open(directory, entry.name);
  };
  return (
    <Modal title={t.title} onClose={close}>
      <form class="inline" onSubmit={submit}>
        <label class="field">
          <span>{t.below(visible(pane.path.value))}</span>
          <input
            name="text"
            enterkeyhint="search"
            placeholder={t.example}
            required
            maxLength={200}
            autofocus
            autocomplete="off"
          />
        </label>
        <button
          type={isRunning ? "button" : "submit"}
          class={isRunning ? "" : "primary"}
          onClick={isRunning ? stop : undefined}
        >
          {isRunning ? t.stop : t.search}
        </button>
      </form>
      {search?.problem && <ProblemNote problem={search.problem} />}
      {search && <Found search={search} onShow={show} />}
      <div class="actions">
        <button type="button" onClick={close}>
          {texts.value.common.close}
        </button>
      </div>
    </Modal>
  );
}

/** A search while it runs, and what it came to. */
function useSearch(pane: Pane) {
  const [search, setSearch] = useState<Search>();
  const running = useRef<AbortController>(null);
  useEffect(() => () => running.current?.abort(), []);
  const begin = async (text: string): Promise<void> => {
    running.current?.abort();
    const { signal } = (running.current = new AbortController());
    let current = nothing;
    setSearch(current);
    try {
      for await (const line of pane.server?.search(pane.path.value, text, signal) ?? []) {
        if (signal.aborted) return;
        current = taken(current, line);
        setSearch(current);
      }
    } catch (error) {
      if (!signal.aborted && !isOver(error, pane.login.value)) setSearch({ ...current, problem: problemOf(error) });
    }
  };
  const stop = (): void => {
    running.current?.abort();
    setSearch((now) => now && { ...now, end: { seen: now.seen, unread: 0, isCut: true } });
  };
  const isRunning = search !== undefined && search.end === undefined && search.problem === undefined;
  return { search, isRunning, begin, stop };
}

function Found({ search, onShow }: { readonly search: Search; readonly onShow: (found: FoundJson) => void }) {
  return (
    <>
      <p role="status" class="search-state">
        {stateText(search)}
      </p>
      <ul class="found">
        {search.found.slice(0, drawnMost).map((each) => (
          <li key={childPath(each.directory, each.entry.name)}>
            <button type="button" class="quiet" onClick={() => onShow(each)}>
              <Icon name={each.entry.type === "directory" ? "folder" : "file"} />
              <span class="name">{visible(each.entry.name)}</span>
              <small>{visible(each.directory)}</small>
              <small>{each.entry.type === "directory" ? "" : sizeText(each.entry.size)}</small>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function taken(now: Search, line: SearchLine): Search {
  if ("failure" in line) return { ...now, problem: line.failure };
  if ("end" in line) return { ...now, seen: line.end.seen, end: line.end };
  return { ...now, found: [...now.found, ...line.found], seen: line.seen };
}

function stateText({ found, seen, end }: Search): string {
  const t = texts.value.search;
  const parts = [t.found(found.length), t.seen(seen)];
  if (found.length > drawnMost) parts.push(t.drawn(drawnMost));
  if (end?.isCut) parts.push(t.cut);
  if (end !== undefined && end.unread > 0) parts.push(t.unread(end.unread));
  return parts.join(" · ");
}
