import { signal } from "@preact/signals";
import type { Pane } from "./pane.ts";

/** Whether the keys are listed. */
export const isHelpShown = signal(false);

/** Whether the logins of this browser are listed. */
export const areLoginsShown = signal(false);

/** Where somebody looks for names. */
export const searchedIn = signal<Pane | undefined>(undefined);

/** Which pane asks for a login at another server. */
export const connectsBeside = signal(false);

/** The menu that is open, and where. */
export const menu = signal<OpenMenu | undefined>(undefined);

export interface OpenMenu {
  readonly pane: Pane;
  readonly x: number;
  readonly y: number;
}
