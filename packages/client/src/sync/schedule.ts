import type { SyncAction } from "./action.ts";

export type DeleteAction = Extract<SyncAction, { kind: "delete" }>;
export type ChangeAction = Exclude<SyncAction, { kind: "delete" | "skip" | "conflict" }>;

/** One change, with the deletions that make room for it. */
export interface Change {
  readonly room: readonly DeleteAction[];
  readonly action: ChangeAction;
}

/** A plan in the order in which it can be carried out by several at once. */
export interface Schedule {
  /** Actions that only say why nothing is done. */
  readonly left: readonly SyncAction[];
  /** Directories before what is in them. */
  readonly changes: readonly Change[];
  /** Of what only the target has; what is in a directory before it. */
  readonly deletions: readonly DeleteAction[];
}

/** Sorts the actions of a plan by what they wait for. */
export function scheduleOf(actions: readonly SyncAction[]): Schedule {
  const left: SyncAction[] = [];
  const changes: Change[] = [];
  const deletions: DeleteAction[] = [];
  let room: DeleteAction[] = [];
  for (const action of actions) {
    if (action.kind === "skip" || action.kind === "conflict") left.push(action);
    else if (action.kind !== "delete") {
      changes.push({ room, action });
      room = [];
    } else if (action.because === "clash") room.push(action);
    else deletions.push(action);
  }
  // Room that nothing came into.
  return { left, changes, deletions: [...room, ...deletions] };
}
