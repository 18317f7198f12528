import { computed, signal } from "@preact/signals";
import type { LoginJson } from "../../api/api.ts";
import { cameAfter } from "./login.ts";
import { Pane } from "./pane.ts";
import { onReturn } from "./watching.ts";

const first = new Pane();

/** The one directory that is shown, or the two. */
export const panes = signal<readonly Pane[]>([first]);

/** The one that commands are for. */
export const active = signal<Pane>(first);

/** The other one, where there are two. */
export const beside = computed(() => panes.value.find((pane) => pane !== active.value));

/**
 * Shows a login in the first pane; a second one that showed another login is closed. Where it is the server that was shown
 * before, all stays as it was.
 */
export function startPanes(login: LoginJson): void {
  const before = cameAfter.value;
  if (before !== undefined && first.login.value?.id === before) {
    for (const pane of panes.value) if (pane.login.value?.id === before) void pane.goOn(login);
    return;
  }
  closeSecond();
  active.value = first;
  void first.start(login);
}

onReturn(() => {
  for (const pane of panes.value) if (pane.listProblem.value !== undefined) void pane.reload();
});

/** Opens a second pane on a server, or shows another one in it. */
export function openSecond(login: LoginJson, path?: string): void {
  const second = panes.value[1] ?? new Pane();
  panes.value = [first, second];
  active.value = second;
  void second.start(login, path);
}

export function closeSecond(): void {
  panes.value[1]?.[Symbol.dispose]();
  panes.value = [first];
  active.value = first;
}

/** Shows again what has changed. */
export function reloadWhere(loginId: string, directory: string): void {
  for (const pane of panes.value) {
    if (pane.login.value?.id === loginId && pane.path.value === directory) void pane.reload();
  }
}
