import type { IconName } from "../parts/icon.tsx";
import type { Texts } from "../texts/translation.ts";
import { beginRename, makeDirectory, makeFile, removeSelected, showSelected } from "./changes.ts";
import { carriedOf, carry, clipboard, paste, takeToClipboard } from "./copying.ts";
import { isHelpShown, searchedIn } from "./layers.ts";
import type { Pane } from "./pane.ts";
import { active, beside, closeSecond, openSecond, panes } from "./panes.ts";
import { showsHidden, showsTiles } from "./preferences.ts";
import { download, downloadArchive } from "./saving.ts";
import { enter, view, viewKind } from "./viewer.ts";

/** Something that can be done with a pane, by menu, button or key. */
export interface Action {
  readonly id: ActionName;
  readonly icon: IconName;
  readonly title: (texts: Texts) => string;
  /** As {@link keyName} names them. */
  readonly keys?: readonly string[];
  /** Where a menu draws a line before it. */
  readonly isGroup?: boolean;
  /** Whether menus have it; others have a button of their own. */
  readonly isInMenu?: boolean;
  readonly isOn: (pane: Pane) => boolean;
  /** Whether it is switched on already. */
  readonly isPressed?: (pane: Pane) => boolean;
  readonly run: (pane: Pane) => void;
}

export type ActionName =
  | "open"
  | "edit"
  | "download"
  | "copy"
  | "cut"
  | "paste"
  | "copyOver"
  | "moveOver"
  | "rename"
  | "remove"
  | "newFolder"
  | "newFile"
  | "search"
  | "selectAll"
  | "details"
  | "reload"
  | "hidden"
  | "tiles"
  | "second"
  | "help";

const always = (): boolean => true;
const hasChosen = (pane: Pane): boolean => pane.chosen.value.length > 0;
const hasOne = (pane: Pane): boolean => pane.chosen.value.length === 1;

export const actions: readonly Action[] = [
  {
    ...{ id: "open", icon: "view", title: (t) => t.actions.open, keys: ["Enter"], isInMenu: true },
    isOn: hasOne,
    run: (pane) => withFirst(pane, (entry) => enter(pane, entry)),
  },
  {
    ...{ id: "edit", icon: "rename", title: (t) => t.actions.edit, keys: ["F4"], isInMenu: true },
    isOn: (pane) => hasOne(pane) && isText(pane),
    run: (pane) => withFirst(pane, (entry) => view(pane, entry, "text")),
  },
  {
    ...{ id: "download", icon: "download", title: (t) => t.files.download, keys: ["Ctrl+S"], isInMenu: true },
    isOn: hasChosen,
    run: (pane) => void downloadChosen(pane),
  },
  {
    ...{ id: "copy", icon: "copy", title: (t) => t.actions.copy, keys: ["Ctrl+C"], isInMenu: true, isGroup: true },
    isOn: hasChosen,
    run: (pane) => takeToClipboard(pane, false),
  },
  {
    ...{ id: "cut", icon: "cut", title: (t) => t.actions.cut, keys: ["Ctrl+X"], isInMenu: true },
    isOn: hasChosen,
    run: (pane) => takeToClipboard(pane, true),
  },
  {
    ...{ id: "paste", icon: "paste", title: (t) => t.actions.paste, keys: ["Ctrl+V"], isInMenu: true },
    isOn: () => clipboard.value !== undefined,
    run: (pane) => void paste(pane),
  },
  {
    ...{ id: "copyOver", icon: "over", title: (t) => t.actions.copyOver, keys: ["F5"], isInMenu: true },
    isOn: (pane) => hasChosen(pane) && beside.value !== undefined,
    run: (pane) => void sendOver(pane, false),
  },
  {
    ...{ id: "moveOver", icon: "over", title: (t) => t.actions.moveOver, keys: ["F6"], isInMenu: true },
    isOn: (pane) => hasChosen(pane) && beside.value !== undefined,
    run: (pane) => void sendOver(pane, true),
  },
  {
    ...{ id: "rename", icon: "rename", title: (t) => t.files.rename, keys: ["F2"], isInMenu: true, isGroup: true },
    isOn: hasOne,
    run: beginRename,
  },
  {
    ...{ id: "remove", icon: "remove", title: (t) => t.files.remove, keys: ["Delete", "F8"], isInMenu: true },
    isOn: hasChosen,
    run: (pane) => void removeSelected(pane),
  },
  {
    ...{ id: "newFolder", icon: "folder-plus", title: (t) => t.files.newFolder, keys: ["F7"], isInMenu: true },
    ...{ isGroup: true, isOn: always },
    run: (pane) => void makeDirectory(pane),
  },
  {
    ...{ id: "newFile", icon: "file-plus", title: (t) => t.files.newFile, keys: ["Shift+F7"], isInMenu: true },
    isOn: always,
    run: (pane) => void makeFile(pane),
  },
  {
    ...{ id: "search", icon: "search", title: (t) => t.search.title, keys: ["/"], isInMenu: true, isOn: always },
    run: (pane) => void (searchedIn.value = pane),
  },
  {
    ...{ id: "selectAll", icon: "all", title: (t) => t.actions.selectAll, keys: ["Ctrl+A"], isInMenu: true },
    isOn: always,
    run: (pane) => pane.select(pane.shown.value.map(({ name }) => name)),
  },
  {
    ...{ id: "reload", icon: "reload", title: (t) => t.files.reload, keys: ["Ctrl+R"], isInMenu: true, isOn: always },
    run: (pane) => void pane.reload(),
  },
  {
    ...{ id: "hidden", icon: "view", title: (t) => t.actions.hidden, keys: ["Ctrl+H"], isInMenu: true, isGroup: true },
    isOn: always,
    isPressed: () => showsHidden.value,
    run: () => (showsHidden.value = !showsHidden.value),
  },
  {
    ...{ id: "tiles", icon: "tiles", title: (t) => t.actions.tiles, keys: ["Ctrl+G"], isInMenu: true, isOn: always },
    isPressed: () => showsTiles.value,
    run: () => (showsTiles.value = !showsTiles.value),
  },
  {
    ...{ id: "second", icon: "panes", title: (t) => t.actions.second, keys: ["Ctrl+B"], isInMenu: true, isOn: always },
    isPressed: () => panes.value.length > 1,
    run: toggleSecond,
  },
  {
    ...{ id: "help", icon: "help", title: (t) => t.actions.help, keys: ["?"], isInMenu: true, isOn: always },
    run: () => (isHelpShown.value = true),
  },
  {
    ...{ id: "details", icon: "details", title: (t) => t.files.details, keys: ["Alt+Enter"], isInMenu: true },
    ...{ isGroup: true, isOn: hasOne },
    run: showSelected,
  },
];

export function actionOf(id: ActionName): Action {
  const found = actions.find((action) => action.id === id);
  if (found === undefined) throw new Error(`no action ${id}`);
  return found;
}

/** The action of a key, where it is of use now. */
export function actionOfKey(event: KeyboardEvent, pane: Pane): Action | undefined {
  const name = keyName(event);
  return actions.find((action) => action.keys?.includes(name) && action.isOn(pane));
}

/** The same wherever the keyboard is but in a field: keys that mean nothing to a button. */
export function actionOfKeyAnywhere(event: KeyboardEvent, pane: Pane): Action | undefined {
  const isInField = event.target instanceof Element && event.target.closest("input, select, textarea, dialog, .menu");
  if (event.defaultPrevented || isInField || !/^(?:Ctrl\+|(?:Shift\+)?F\d|[/?]$)/.test(keyName(event)))
    return undefined;
  return actionOfKey(event, pane);
}

/** A key with what is held down: `Ctrl+C`, `Alt+Enter`, `Shift+F7`, `?`. */
function keyName({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): string {
  const isCharacter = key.length === 1;
  const held = [
    ctrlKey || metaKey ? "Ctrl+" : "",
    altKey ? "Alt+" : "",
    shiftKey && (!isCharacter || ctrlKey || metaKey) ? "Shift+" : "",
  ];
  return `${held.join("")}${isCharacter ? key.toUpperCase() : key}`;
}

function withFirst(pane: Pane, work: (entry: NonNullable<Pane["current"]>) => void): void {
  const entry = pane.chosen.value[0] ?? pane.current;
  if (entry !== undefined) work(entry);
}

function isText(pane: Pane): boolean {
  const [entry] = pane.chosen.value;
  const kind = entry === undefined ? undefined : viewKind(entry);
  return entry?.type === "file" && (kind === undefined || kind === "text" || kind === "markdown");
}

async function downloadChosen(pane: Pane): Promise<void> {
  const chosen = pane.chosen.value;
  const [only] = chosen;
  if (chosen.length === 1 && only !== undefined && only.type !== "directory") return download(pane, only.name);
  return downloadArchive(
    pane,
    chosen.map(({ name }) => name),
  );
}

async function sendOver(pane: Pane, isMove: boolean): Promise<void> {
  const carried = carriedOf(pane);
  const target = panes.value.find((each) => each !== pane);
  const login = target?.login.value;
  if (carried === undefined || target === undefined || login === undefined) return;
  await carry(carried, { login, directory: target.path.value }, isMove);
}

function toggleSecond(): void {
  if (panes.value.length > 1) return closeSecond();
  const { login, path } = active.value;
  if (login.value !== undefined) openSecond(login.value, path.value);
}
