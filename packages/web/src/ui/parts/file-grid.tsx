import type { TargetedKeyboardEvent, TargetedMouseEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { EntryJson } from "../../api/api.ts";
import { childPath, parentPath } from "../paths.ts";
import { modeText, sizeText, timeText, visible } from "../quantities.ts";
import {
  cursor,
  isLoading,
  open,
  path,
  removeSelected,
  rename,
  renaming,
  select,
  selected,
  shown,
  showSelected,
  sort,
  sortBy,
  type SortKey,
} from "../state/directory.ts";
import { download } from "../state/queue.ts";
import { Icon, type IconName } from "./icon.tsx";
import { texts } from "../texts/language.ts";

const rowHeight = 36;
/** Rows above and below what is seen. */
const spare = 12;

const columns: readonly SortKey[] = ["name", "size", "modified"];

/** The entries of a directory: only the rows that are seen are there, however many there are. */
export function FileGrid() {
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  const rows = shown.value;
  const measure = (): void => {
    const element = scroller.current;
    if (element !== null) setView({ top: element.scrollTop, height: element.clientHeight });
  };
  useEffect(() => {
    measure();
    addEventListener("resize", measure);
    return () => removeEventListener("resize", measure);
  }, []);
  useEffect(() => scrollTo(scroller.current, cursor.value), [cursor.value, path.value]);
  const first = Math.max(0, Math.floor(view.top / rowHeight) - spare);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / rowHeight) + spare);
  return (
    <div
      class="grid"
      role="grid"
      aria-label={texts.value.files.files}
      aria-rowcount={rows.length + 1}
      aria-multiselectable="true"
      aria-busy={isLoading.value}
    >
      <div role="row" class="row head" aria-rowindex={1}>
        {columns.map((key) => (
          <div key={key} role="columnheader" class={`cell cell-${key}`} aria-sort={sortState(key)}>
            <button type="button" class="quiet" onClick={() => sortBy(key)}>
              {texts.value.common[key]}
              <span class="arrow" aria-hidden="true">
                {sort.value.key === key ? (sort.value.isDescending ? "▾" : "▴") : ""}
              </span>
            </button>
          </div>
        ))}
        <div role="columnheader" class="cell cell-mode">
          {texts.value.common.mode}
        </div>
      </div>
      <div class="rows" role="rowgroup" ref={scroller} onScroll={measure} onKeyDown={onKey}>
        <div class="space" role="presentation" style={{ height: `${rows.length * rowHeight}px` }}>
          {rows.slice(first, last).map((entry, at) => (
            <Row key={entry.name} entry={entry} index={first + at} />
          ))}
        </div>
      </div>
    </div>
  );
}

function Row({ entry, index }: { readonly entry: EntryJson; readonly index: number }) {
  const { name, type, size, modified, mode, target } = entry;
  const isSelected = selected.value.has(name);
  const isCurrent = cursor.value === index;
  const focus = (row: HTMLDivElement | null): void => {
    const isHere = document.activeElement?.closest(".rows") ?? document.activeElement === document.body;
    if (isCurrent && row !== null && isHere && renaming.value === undefined) row.focus({ preventScroll: true });
  };
  return (
    <div
      ref={focus}
      role="row"
      class={`row${isSelected ? " selected" : ""}`}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      tabIndex={isCurrent ? 0 : -1}
      style={{ top: `${index * rowHeight}px` }}
      onClick={(event) => onClick(event, index)}
      onDblClick={() => enter(entry)}
    >
      <div role="gridcell" class="cell cell-name">
        <Icon name={iconOf(type)} />
        {renaming.value === name ? <RenameField name={name} /> : <span class="name">{visible(name)}</span>}
        {target !== undefined && <span class="target"> → {visible(target)}</span>}
      </div>
      <div role="gridcell" class="cell cell-size">
        {type === "directory" ? "" : sizeText(size)}
      </div>
      <div role="gridcell" class="cell cell-modified">
        {timeText(modified)}
      </div>
      <div role="gridcell" class="cell cell-mode">
        {modeText(mode)}
      </div>
    </div>
  );
}

function RenameField({ name }: { readonly name: string }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const dot = name.lastIndexOf(".");
    input.current?.focus();
    input.current?.setSelectionRange(0, dot > 0 ? dot : name.length);
  }, []);
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLInputElement>): void => {
    event.stopPropagation();
    if (event.key === "Enter") void rename(name, event.currentTarget.value);
    if (event.key === "Escape") renaming.value = undefined;
  };
  return (
    <input
      ref={input}
      class="rename"
      aria-label={texts.value.files.newNameOf(visible(name))}
      defaultValue={name}
      onKeyDown={onKeyDown}
      onClick={(event) => event.stopPropagation()}
      onDblClick={(event) => event.stopPropagation()}
      onBlur={() => (renaming.value = undefined)}
    />
  );
}

function iconOf(type: EntryJson["type"]): IconName {
  if (type === "directory") return "folder";
  return type === "file" || type === "link" ? type : type === "unknown" ? "file" : "other";
}

function sortState(key: SortKey): "ascending" | "descending" | "none" {
  if (sort.value.key !== key) return "none";
  return sort.value.isDescending ? "descending" : "ascending";
}

/** Opens a directory, or saves a file. A link may be either: it is tried as a directory. */
function enter({ name, type }: EntryJson): void {
  const target = childPath(path.value, name);
  if (type === "directory" || type === "link") void open(target);
  else void download(target);
}

let anchor = 0;

function onClick(event: TargetedMouseEvent<HTMLDivElement>, index: number): void {
  const name = shown.value[index]?.name;
  if (name === undefined) return;
  cursor.value = index;
  if (event.shiftKey) return selectRange(anchor, index);
  anchor = index;
  if (event.ctrlKey || event.metaKey) toggle(name);
  else select([name]);
}

function toggle(name: string): void {
  const now = new Set(selected.value);
  if (!now.delete(name)) now.add(name);
  select(now);
}

function selectRange(from: number, to: number): void {
  const [first, last] = from < to ? [from, to] : [to, from];
  select(shown.value.slice(first, last + 1).map(({ name }) => name));
}

function onKey(event: TargetedKeyboardEvent<HTMLDivElement>): void {
  if (renaming.value !== undefined) return;
  const rows = shown.value;
  const page = Math.max(1, Math.floor(event.currentTarget.clientHeight / rowHeight) - 1);
  const moves: Readonly<Record<string, number>> = {
    ArrowUp: cursor.value - 1,
    ArrowDown: cursor.value + 1,
    PageUp: cursor.value - page,
    PageDown: cursor.value + page,
    Home: 0,
    End: rows.length - 1,
  };
  const move = moves[event.key];
  const current = rows[cursor.value];
  if (move !== undefined) moveCursor(Math.min(Math.max(move, 0), rows.length - 1), event.shiftKey);
  else if (event.key === "a" && (event.ctrlKey || event.metaKey)) select(rows.map(({ name }) => name));
  else if (event.key === "Backspace") void open(parentPath(path.value));
  else if (event.key === "Delete") void removeSelected();
  else if (event.key === "Enter" && event.altKey) showSelected();
  else if (current === undefined || event.altKey) return;
  else if (event.key === "Enter") enter(current);
  else if (event.key === "F2") renaming.value = current.name;
  else if (event.key === " ") toggle(current.name);
  else if (event.key === "Escape") select([]);
  else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) typeAhead(event.key);
  else return;
  event.preventDefault();
}

function moveCursor(index: number, isRange: boolean): void {
  const name = shown.value[index]?.name;
  if (name === undefined) return;
  cursor.value = index;
  if (isRange) return selectRange(anchor, index);
  anchor = index;
  select([name]);
}

let typed = "";
let typedAtMs = 0;

/** Moves to the next name that begins with what was typed within a second. */
function typeAhead(character: string): void {
  const nowMs = performance.now();
  typed = nowMs - typedAtMs < 1000 ? typed + character.toLowerCase() : character.toLowerCase();
  typedAtMs = nowMs;
  const rows = shown.value;
  const start = typed.length === 1 ? cursor.value + 1 : cursor.value;
  const order = rows.map((_, at) => (start + at) % rows.length);
  const found = order.find((at) => rows[at]?.name.toLowerCase().startsWith(typed));
  if (found !== undefined) moveCursor(found, false);
}

function scrollTo(element: HTMLDivElement | null, index: number): void {
  if (element === null) return;
  const [top, bottom] = [index * rowHeight, (index + 1) * rowHeight];
  if (top < element.scrollTop) element.scrollTop = top;
  else if (bottom > element.scrollTop + element.clientHeight) element.scrollTop = bottom - element.clientHeight;
}
