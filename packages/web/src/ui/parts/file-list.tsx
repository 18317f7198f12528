import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { EntryJson } from "../../api/api.ts";
import { modeText, sizeText, timeText, visible } from "../quantities.ts";
import { clipboard } from "../state/copying.ts";
import type { SortKey } from "../state/order.ts";
import type { Pane } from "../state/pane.ts";
import { active } from "../state/panes.ts";
import { showsTiles } from "../state/preferences.ts";
import { texts } from "../texts/language.ts";
import { Icon, type IconName } from "./icon.tsx";
import { listEvents } from "./list-events.ts";
import { RenameField } from "./rename-field.tsx";
import { Thumbnail } from "./thumbnail.tsx";
import { viewKind } from "../state/viewer.ts";

/** How large what is drawn is, in CSS pixels; lines above and below what is seen that are drawn, too. */
const line = { height: matchMedia("(pointer: coarse)").matches ? 48 : 36, width: Number.POSITIVE_INFINITY, spare: 12 };
const tile = { height: 132, width: 124, spare: 2 };

const columns: readonly SortKey[] = ["name", "size", "modified"];

/** The entries of a directory as lines or tiles: only those that are seen are there, however many there are. */
export function FileList({ pane }: { readonly pane: Pane }) {
  const scroller = useRef<HTMLDivElement>(null);
  const [seen, measure] = useSeen(scroller);
  const isTiled = showsTiles.value;
  const shape = isTiled ? tile : line;
  const rows = pane.shown.value;
  const perLine = isTiled ? Math.max(1, Math.floor(seen.width / tile.width)) : 1;
  useEffect(() => {
    scrollTo(scroller.current, Math.floor(pane.cursor.value / perLine), shape.height);
  }, [pane.cursor.value, pane.path.value, perLine, isTiled]);
  const lines = Math.ceil(rows.length / perLine);
  const first = Math.max(0, Math.floor(seen.top / shape.height) - shape.spare) * perLine;
  const last = Math.min(lines, Math.ceil((seen.top + seen.height) / shape.height) + shape.spare) * perLine;
  const events = listEvents(pane, { perLine, lineHeight: shape.height });
  const drawn = rows.slice(first, last);
  const isHere = (): boolean =>
    scroller.current?.contains(document.activeElement) === true ||
    (document.activeElement === document.body && active.value === pane);
  useEffect(() => {
    // In an empty directory the keyboard has no row to be at.
    if (rows.length === 0 && isHere()) scroller.current?.focus({ preventScroll: true });
  }, [rows.length === 0, pane.path.value]);
  const body = (
    <div
      class="rows"
      role={isTiled ? "listbox" : "rowgroup"}
      aria-label={isTiled ? texts.value.files.files : undefined}
      aria-multiselectable={isTiled ? "true" : undefined}
      ref={scroller}
      tabIndex={rows.length === 0 ? 0 : -1}
      onScroll={measure}
      {...events}
    >
      <div class="space" role="presentation" style={{ height: `${lines * shape.height}px` }}>
        {drawn.map((entry, at) => {
          const index = first + at;
          const given = { pane, entry, index, isHere };
          if (!isTiled) return <Row key={entry.name} {...given} />;
          const place = {
            left: `${((index % perLine) * 100) / perLine}%`,
            width: `${100 / perLine}%`,
            top: `${Math.floor(index / perLine) * tile.height}px`,
          };
          return <Tile key={entry.name} {...given} place={place} />;
        })}
      </div>
    </div>
  );
  if (isTiled) return <div class="grid tiled">{body}</div>;
  return (
    <div
      class="grid"
      role="grid"
      aria-label={texts.value.files.files}
      aria-rowcount={rows.length + 1}
      aria-multiselectable="true"
      aria-busy={pane.isLoading.value}
    >
      <Head pane={pane} />
      {body}
    </div>
  );
}

/** Which part of a list is seen, and what finds out anew. */
function useSeen(scroller: RefObject<HTMLDivElement | null>) {
  const [seen, setSeen] = useState({ top: 0, height: 800, width: 800 });
  const measure = (): void => {
    const element = scroller.current;
    if (element !== null) setSeen({ top: element.scrollTop, height: element.clientHeight, width: element.clientWidth });
  };
  useEffect(() => {
    const watcher = new ResizeObserver(measure);
    if (scroller.current !== null) watcher.observe(scroller.current);
    return () => watcher.disconnect();
  }, []);
  return [seen, measure] as const;
}

function Head({ pane }: { readonly pane: Pane }) {
  const { key: current, isDescending } = pane.sort.value;
  return (
    <div role="row" class="row head" aria-rowindex={1}>
      {columns.map((key) => (
        <div
          key={key}
          role="columnheader"
          class={`cell cell-${key}`}
          aria-sort={key !== current ? "none" : isDescending ? "descending" : "ascending"}
        >
          <button type="button" class="quiet" onClick={() => pane.sortBy(key)}>
            {texts.value.common[key]}
            <span class="arrow" aria-hidden="true">
              {key === current ? (isDescending ? "▾" : "▴") : ""}
            </span>
          </button>
        </div>
      ))}
      <div role="columnheader" class="cell cell-mode">
        {texts.value.common.mode}
      </div>
    </div>
  );
}

interface Item {
  readonly pane: Pane;
  readonly entry: EntryJson;
  readonly index: number;
  /** Whether the keyboard is in this list. */
  readonly isHere: () => boolean;
}

/** What every line and tile has: where it stands, whether it is selected, and the focus where the keyboard is. */
function itemProperties({ pane, entry: { name }, index, isHere }: Item, kind: "row" | "tile") {
  const isSelected = pane.selected.value.has(name);
  const isCurrent = pane.cursor.value === index;
  const held = clipboard.value;
  const isCut =
    held?.isCut === true &&
    held.login.id === pane.login.value?.id &&
    held.directory === pane.path.value &&
    held.entries.some((each) => each.name === name);
  return {
    ref: (element: HTMLDivElement | null): void => {
      if (isCurrent && element !== null && isHere() && pane.renaming.value === undefined)
        element.focus({ preventScroll: true });
    },
    class: `${kind}${isSelected ? " selected" : ""}${isCut ? " cut" : ""}`,
    "aria-selected": isSelected,
    "data-index": index,
    draggable: pane.renaming.value !== name,
    tabIndex: isCurrent ? 0 : -1,
  };
}

function Row(item: Item) {
  const { pane, entry, index } = item;
  const { name, type, size, modified, mode, target } = entry;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      {...itemProperties(item, "row")}
      style={{ top: `${index * line.height}px` }}
    >
      <div role="gridcell" class="cell cell-name">
        <Icon name={iconOf(entry)} />
        {pane.renaming.value === name ? (
          <RenameField pane={pane} name={name} />
        ) : (
          <span class="name" title={visible(name)}>
            {visible(name)}
          </span>
        )}
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

function Tile(item: Item & { readonly place: Readonly<Record<"left" | "top" | "width", string>> }) {
  const { pane, entry, index, place } = item;
  return (
    <div
      role="option"
      aria-setsize={pane.shown.value.length}
      aria-posinset={index + 1}
      aria-label={visible(entry.name)}
      {...itemProperties(item, "tile")}
      style={place}
    >
      <Thumbnail pane={pane} entry={entry} fallback={iconOf(entry)} />
      {pane.renaming.value === entry.name ? (
        <RenameField pane={pane} name={entry.name} />
      ) : (
        <span class="tile-name" title={visible(entry.name)}>
          {visible(entry.name)}
        </span>
      )}
    </div>
  );
}

const kindIcons = {
  image: "image",
  audio: "sound",
  video: "film",
  pdf: "file",
  markdown: "code",
  text: "code",
} as const;

function iconOf(entry: EntryJson): IconName {
  if (entry.type === "directory") return "folder";
  if (entry.type === "link" || entry.type === "other") return entry.type;
  const kind = viewKind(entry);
  return kind === undefined ? "file" : kindIcons[kind];
}

function scrollTo(element: HTMLDivElement | null, at: number, height: number): void {
  if (element === null) return;
  const [top, bottom] = [at * height, (at + 1) * height];
  if (top < element.scrollTop) element.scrollTop = top;
  else if (bottom > element.scrollTop + element.clientHeight) element.scrollTop = bottom - element.clientHeight;
}
