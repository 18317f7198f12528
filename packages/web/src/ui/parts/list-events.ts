import type { TargetedDragEvent, TargetedKeyboardEvent, TargetedMouseEvent, TargetedPointerEvent } from "preact";
import { parentPath } from "../paths.ts";
import { actionOfKey } from "../state/actions.ts";
import type { Place } from "../state/carried.ts";
import { carriedOf, carry, dragged, mayGo } from "../state/copying.ts";
import { takeDrop } from "../state/dropped.ts";
import { menu } from "../state/layers.ts";
import type { Pane } from "../state/pane.ts";
import { active } from "../state/panes.ts";
import { enter } from "../state/viewer.ts";

interface ListShape {
  readonly perLine: number;
  readonly lineHeight: number;
}

/** What pointer, keyboard and finger do in a list of entries; one set for all its lines. */
export function listEvents(pane: Pane, shape: ListShape) {
  const at = (event: Event): number | undefined => indexOf(event.target);
  return {
    onFocusIn: (): void => void (active.value = pane),
    onKeyDown: (event: TargetedKeyboardEvent<HTMLDivElement>): void => onKey(pane, event, shape),
    onClick: (event: TargetedMouseEvent<HTMLDivElement>): void => onClick(pane, event, at(event)),
    onDblClick: (event: TargetedMouseEvent<HTMLDivElement>): void => {
      const entry = pane.shown.value[at(event) ?? -1];
      if (entry !== undefined) enter(pane, entry);
    },
    onContextMenu: (event: TargetedMouseEvent<HTMLDivElement>): void => {
      event.preventDefault();
      openMenu(pane, at(event), event);
    },
    onPointerDown: (event: TargetedPointerEvent<HTMLDivElement>): void => beginPress(pane, at(event), event),
    onPointerMove: endPress,
    onPointerUp: endPress,
    onPointerCancel: endPress,
    onDragStart: (event: TargetedDragEvent<HTMLDivElement>): void => beginDrag(pane, at(event), event),
    onDragEnd: (): void => void (dragged.value = undefined),
    ...dropEvents(pane, (event) => {
      const entry = pane.shown.value[indexOf(event.target) ?? -1];
      return entry?.type === "directory" ? pane.pathOf(entry.name) : pane.path.value;
    }),
  };
}

/** What happens where something is dropped: files of this machine go up, entries of the page are copied or moved. */
export function dropEvents(pane: Pane, directoryAt: (event: DragEvent) => string) {
  const placeOf = (event: DragEvent): Place | undefined => {
    const login = pane.login.value;
    return login && { login, directory: directoryAt(event) };
  };
  return {
    onDragOver: (event: TargetedDragEvent<HTMLElement>): void => {
      const place = placeOf(event);
      const carried = dragged.value;
      if (place === undefined || event.dataTransfer === null) return;
      const isMove = carried !== undefined && moves(event, carried.login.id === place.login.id);
      if (carried !== undefined && !mayGo(carried, place, isMove)) return;
      event.preventDefault();
      event.stopPropagation();
      event.dataTransfer.dropEffect = isMove ? "move" : "copy";
      mark(event.currentTarget, event.target, place.directory !== pane.path.value);
    },
    onDragLeave: (): void => unmark(),
    onDrop: (event: TargetedDragEvent<HTMLElement>): void => {
      event.preventDefault();
      event.stopPropagation();
      unmark();
      const place = placeOf(event);
      const carried = dragged.value;
      dragged.value = undefined;
      if (place === undefined) return;
      if (carried !== undefined) void carry(carried, place, moves(event, carried.login.id === place.login.id));
      else if (event.dataTransfer !== null) void takeDrop(event.dataTransfer.items, place);
    },
  };
}

/** Within a server things move, to another one they are copied; Ctrl copies, Shift moves. */
function moves({ ctrlKey, metaKey, shiftKey }: DragEvent, isSameServer: boolean): boolean {
  return shiftKey || (isSameServer && !ctrlKey && !metaKey);
}

/** What would take it is drawn so. */
function mark(list: HTMLElement, target: EventTarget | null, isInto: boolean): void {
  const element = isInto && target instanceof Element ? (target.closest("[data-index]") ?? list) : list;
  if (element.classList.contains("dropping")) return;
  unmark();
  element.classList.add("dropping");
}

function unmark(): void {
  for (const element of document.querySelectorAll(".dropping")) element.classList.remove("dropping");
}

function beginDrag(pane: Pane, index: number | undefined, event: TargetedDragEvent<HTMLDivElement>): void {
  const name = pane.shown.value[index ?? -1]?.name;
  if (name === undefined || event.dataTransfer === null) return;
  if (!pane.selected.value.has(name)) pane.moveCursor(index ?? 0);
  dragged.value = carriedOf(pane);
  event.dataTransfer.effectAllowed = "copyMove";
  event.dataTransfer.setData("text/plain", pane.chosen.value.map((each) => each.name).join("\n"));
}

function onClick(pane: Pane, event: TargetedMouseEvent<HTMLDivElement>, index: number | undefined): void {
  const entry = index === undefined ? undefined : pane.shown.value[index];
  if (index === undefined || entry === undefined) return pane.select([]);
  if (wasLongPress) return;
  const isFinger = (event as unknown as PointerEvent).pointerType === "touch";
  pane.cursor.value = index;
  if (event.shiftKey) return pane.selectRange(pane.anchor, index);
  pane.anchor = index;
  const hasOthers = pane.selected.value.size > 0;
  if (event.ctrlKey || event.metaKey || (isFinger && hasOthers)) pane.toggle(entry.name);
  else if (isFinger) enter(pane, entry);
  else pane.select([entry.name]);
}

function openMenu(pane: Pane, index: number | undefined, event: MouseEvent): void {
  active.value = pane;
  // The keyboard's menu key has no place of its own: below the row that it is at.
  const isByKey = event.clientX === 0 && event.clientY === 0;
  const at = index ?? (isByKey ? pane.cursor.value : undefined);
  const name = pane.shown.value[at ?? -1]?.name;
  if (name === undefined) pane.select([]);
  else if (!pane.selected.value.has(name)) pane.moveCursor(at ?? 0);
  const box = isByKey && event.target instanceof Element ? event.target.getBoundingClientRect() : undefined;
  menu.value = { pane, x: box === undefined ? event.clientX : box.left + 40, y: box?.bottom ?? event.clientY };
}

const pressMs = 500;
let press: ReturnType<typeof setTimeout> | undefined;
let pressedAt = { x: 0, y: 0 };
let wasLongPress = false;

/** A finger that rests opens the menu, also in browsers that have no event for it. */
function beginPress(pane: Pane, index: number | undefined, event: PointerEvent): void {
  clearTimeout(press);
  wasLongPress = false;
  if (event.pointerType !== "touch") return;
  pressedAt = { x: event.clientX, y: event.clientY };
  const { clientX, clientY, target } = event;
  press = setTimeout(() => {
    wasLongPress = true;
    if (menu.value === undefined) openMenu(pane, index, new MouseEvent("contextmenu", { clientX, clientY }));
    if (target instanceof HTMLElement) target.blur();
  }, pressMs);
}

function endPress({ type, clientX, clientY }: PointerEvent): void {
  if (type === "pointermove" && Math.hypot(clientX - pressedAt.x, clientY - pressedAt.y) < 10) return;
  clearTimeout(press);
}

function indexOf(target: EventTarget | null): number | undefined {
  const item = target instanceof Element ? target.closest<HTMLElement>("[data-index]") : null;
  return item === null ? undefined : Number(item.dataset["index"]);
}

let typed = "";
let typedAtMs = 0;

function onKey(pane: Pane, event: TargetedKeyboardEvent<HTMLDivElement>, { perLine, lineHeight }: ListShape): void {
  if (pane.renaming.value !== undefined) return;
  const rows = pane.shown.value;
  const { cursor } = pane;
  const page = Math.max(1, Math.floor(event.currentTarget.clientHeight / lineHeight) - 1) * perLine;
  const targets: Readonly<Record<string, number>> = {
    ArrowUp: cursor.value - perLine,
    ArrowDown: cursor.value + perLine,
    PageUp: cursor.value - page,
    PageDown: cursor.value + page,
    Home: 0,
    End: rows.length - 1,
    ...(perLine > 1 && { ArrowLeft: cursor.value - 1, ArrowRight: cursor.value + 1 }),
  };
  const target = event.altKey || event.ctrlKey || event.metaKey ? undefined : targets[event.key];
  const action = actionOfKey(event, pane);
  if (event.key.length > 1) typed = "";
  if (target !== undefined) pane.moveCursor(Math.min(Math.max(target, 0), rows.length - 1), event.shiftKey);
  else if (event.key === "Backspace") void pane.open(parentPath(pane.path.value), nameOf(pane.path.value));
  else if (event.key === "Escape") pane.select([]);
  else if (event.key === "Enter" && !event.altKey && pane.current !== undefined) enter(pane, pane.current);
  else if (event.key === " " && pane.current !== undefined) pane.toggle(pane.current.name);
  else if (event.key === "F2" && pane.current !== undefined) pane.beginRenaming(pane.current.name);
  else if (action !== undefined) action.run(pane);
  else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) typeAhead(pane, event.key);
  else return;
  event.preventDefault();
  keepFocus(pane, event.currentTarget);
}

/** The next key finds the list also where the row that it left is gone and the one it went to is not drawn yet. */
function keepFocus(pane: Pane, list: HTMLElement): void {
  if (!list.contains(document.activeElement) || pane.renaming.value !== undefined) return;
  const row = list.querySelector<HTMLElement>(`[data-index="${pane.cursor.value}"]`);
  (row ?? list).focus({ preventScroll: true });
}

function nameOf(path: string): string {
  return path.replace(/\/+$/, "").split("/").at(-1) ?? "";
}

/** Moves to the next name that begins with what was typed within a second. */
function typeAhead(pane: Pane, character: string): void {
  const nowMs = performance.now();
  typed = nowMs - typedAtMs < 1000 ? typed + character.toLowerCase() : character.toLowerCase();
  typedAtMs = nowMs;
  const rows = pane.shown.value;
  const start = typed.length === 1 ? pane.cursor.value + 1 : pane.cursor.value;
  for (let step = 0; step < rows.length; step++) {
    const at = (start + step) % rows.length;
    if (rows[at]?.name.toLowerCase().startsWith(typed)) return pane.moveCursor(at);
  }
}
