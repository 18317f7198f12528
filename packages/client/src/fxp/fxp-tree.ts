import { isSallyportError } from "@sallyport/protocol";
import type { Entry } from "../listing/entry.ts";
import { unsafeName } from "../operations/remove.ts";
import { childPath } from "../names/remote-path.ts";
import { isFatal } from "../sync/fatal.ts";
import { StepQueue } from "../sync/step-queue.ts";
import { isTreePath } from "../sync/tree.ts";
import type { FxpOutcome } from "./fxp.ts";

/** A directory or file of a tree that is copied, by its paths on both servers, and what came of it. */
export type FxpStep =
  | { readonly outcome: "made"; readonly path: string; readonly to: string }
  | { readonly outcome: "done"; readonly path: string; readonly to: string; readonly file: FxpOutcome }
  /** `type`: why, since it is neither file nor directory. */
  | { readonly outcome: "left"; readonly path: string; readonly type: Entry["type"] }
  | { readonly outcome: "failed"; readonly path: string; readonly error: unknown };

/** What copies a tree: listing the one server, and making and copying on the other. */
export interface TreeCopy {
  readonly from: string;
  readonly to: string;
  /** Everything below a directory, a directory before its content. */
  list(path: string, signal: AbortSignal): AsyncIterable<Entry>;
  makeDirectory(path: string, signal: AbortSignal): Promise<void>;
  copyFile(path: string, to: string, signal: AbortSignal): Promise<FxpOutcome>;
  /** Files at a time. */
  readonly parallel: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Copies a directory with all that is in it, while it is listed, and gives each step with what came of it. A file that
 * fails is a step; what nothing further can succeed after is thrown. Leaving the loop ends the copy.
 */
export async function* fxpTree(copy: TreeCopy): AsyncGenerator<FxpStep, undefined> {
  const stop = new AbortController();
  const signal = copy.signal === undefined ? stop.signal : AbortSignal.any([copy.signal, stop.signal]);
  const steps = new StepQueue<FxpStep>();
  const files = filesOf(copy, steps, signal);
  const copyNext = async (): Promise<void> => {
    for await (const file of files) steps.give(await stepOf(copy, file, signal));
  };
  const working = Promise.all(Array.from({ length: copy.parallel }, copyNext)).finally(() => steps.end());
  working.catch(() => stop.abort());
  try {
    yield* steps;
    await working;
  } finally {
    stop.abort();
    await working.catch(() => {});
  }
}

interface PlacedFile {
  readonly path: string;
  readonly to: string;
}

/** The files of the tree, once the directory that each goes to is there. */
async function* filesOf(copy: TreeCopy, steps: StepQueue<FxpStep>, signal: AbortSignal): AsyncGenerator<PlacedFile> {
  const [from, to] = [copy.from, copy.to].map((path) => path.replace(/(?<=.)\/+$/, ""));
  if (from === undefined || to === undefined) return;
  await copy.makeDirectory(to, signal);
  const places = new Map([[from, to]]);
  for await (const { path, name, type } of copy.list(from, signal)) {
    const parent = places.get(path.slice(0, path.length - name.length).replace(/(?<=.)\/$/, ""));
    // What lies below a directory that could not be made is left out with it.
    if (parent === undefined) continue;
    const place = isTreePath(name) && !name.includes("/") ? childPath(parent, name) : undefined;
    if (place === undefined) steps.give({ outcome: "failed", path, error: unsafeName() });
    else if (type === "file" || type === "unknown") yield { path, to: place };
    else if (type !== "directory") steps.give({ outcome: "left", path, type });
    else if (await isMade(copy, { path, to: place }, steps, signal)) places.set(path, place);
  }
}

async function isMade(
  copy: TreeCopy,
  { path, to }: PlacedFile,
  steps: StepQueue<FxpStep>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await copy.makeDirectory(to, signal);
    steps.give({ outcome: "made", path, to });
    return true;
  } catch (error) {
    if (signal.aborted || isFatal(error)) throw error;
    steps.give({ outcome: "failed", path, error });
    return false;
  }
}

async function stepOf(copy: TreeCopy, { path, to }: PlacedFile, signal: AbortSignal): Promise<FxpStep> {
  try {
    return { outcome: "done", path, to, file: await copy.copyFile(path, to, signal) };
  } catch (error) {
    const isTaken = isSallyportError(error) && error.code === "SALLYPORT_FILE_EXISTS";
    if (signal.aborted || (isFatal(error) && !isTaken)) throw error;
    return { outcome: "failed", path, error };
  }
}
