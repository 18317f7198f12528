import type { OnProgress, Progress } from "../transfer/progress.ts";
import { resolveHash } from "./action.ts";
import type { DirectoryTimes } from "./directory-times.ts";
import { isFatal } from "./fatal.ts";
import type { SyncPlan } from "./plan.ts";
import { type Change, type ChangeAction, type DeleteAction, scheduleOf } from "./schedule.ts";
import { StepQueue } from "./step-queue.ts";
import type { SyncProgress, SyncStep } from "./sync-options.ts";
import type { PutOutcome, SyncTarget } from "./target.ts";
import { parentOf } from "./tree.ts";

export interface ExecuteOptions {
  /** Actions under way at the same time. */
  readonly parallel: number;
  readonly deleteOrder: "before" | "after";
  readonly signal: AbortSignal;
  /** Ends what is under way, because the rest cannot succeed or is not wanted. */
  readonly stop: (reason: unknown) => void;
  readonly onProgress: ((progress: SyncProgress) => void) | undefined;
  /** Told before the first deletion; what made it right has to be safe. */
  readonly beforeDeletions: () => Promise<void>;
  /** Given when all else is done; absent where times are not kept. */
  readonly directoryTimes: DirectoryTimes | undefined;
}

/**
 * Carries out a plan, several actions at a time, and tells what came of each as soon as it is known. A directory is made
 * before anything in it, deletions come after all else (or, if wished, before), what is in a directory before itself.
 *
 * A failure of one file is a step; one that concerns all ends the rest and is thrown. Where anything has failed, nothing
 * is deleted: what is only in the target may be all that is left of it.
 */
export async function* execute(plan: SyncPlan, target: SyncTarget, options: ExecuteOptions): AsyncGenerator<SyncStep> {
  const execution = new Execution(plan, target, options);
  const work = execution.run();
  work.catch(() => {});
  try {
    yield* execution.steps;
    await work;
  } finally {
    options.stop(new Error("Nobody waits for the rest of the mirror"));
    await work.catch(() => {});
  }
}

class Execution {
  readonly steps = new StepQueue<SyncStep>();
  readonly #plan: SyncPlan;
  readonly #target: SyncTarget;
  readonly #options: ExecuteOptions;
  readonly #total: { filesDone: number; files: number; bytes: number; bytesTotal: number };
  #hasFailed = false;

  constructor(plan: SyncPlan, target: SyncTarget, options: ExecuteOptions) {
    this.#plan = plan;
    this.#target = target;
    this.#options = options;
    const { transfers, replacements, bytes } = plan.summary;
    this.#total = { filesDone: 0, files: transfers + replacements, bytes: 0, bytesTotal: Number(bytes) };
  }

  async run(): Promise<void> {
    const { left, changes, deletions } = scheduleOf(this.#plan.actions);
    const { deleteOrder } = this.#options;
    try {
      for (const action of left) this.steps.give({ outcome: "left", action });
      if (changes.length > 0) await this.#target.makeRoot();
      if (deleteOrder === "before") await this.#delete(deletions);
      await this.#change(changes);
      if (deleteOrder === "after") await this.#delete(deletions);
      await this.#options.directoryTimes?.apply(this.#target);
    } catch (error) {
      this.#options.stop(error);
      throw error;
    } finally {
      this.steps.end();
    }
  }

  /** Directories come before their content, so whoever waits for one waits for somebody who is at work. */
  async #change(changes: readonly Change[]): Promise<void> {
    const made = new Map<string, Promise<boolean>>();
    await this.#inParallel(changes, async ({ room, action }) => {
      const parent = made.get(parentOf(action.path));
      const { promise, resolve } = Promise.withResolvers<boolean>();
      if (action.kind === "make-directory") made.set(action.path, promise);
      let isDone = false;
      try {
        const isPossible = (await parent) !== false && (await this.#makeRoom(room));
        if (isPossible) isDone = await this.#attempt(action, (beganMs) => this.#carryOut(action, beganMs));
        else this.steps.give({ outcome: "untried", action });
      } finally {
        resolve(isDone);
      }
    });
  }

  async #makeRoom(room: readonly DeleteAction[]): Promise<boolean> {
    for (const deletion of room) {
      // oxlint-disable-next-line no-await-in-loop -- what is in a directory before the directory
      if (!(await this.#deleteOne(deletion))) return false;
    }
    return true;
  }

  async #delete(deletions: readonly DeleteAction[]): Promise<void> {
    if (deletions.length === 0) return;
    if (this.#hasFailed) {
      for (const { path } of deletions) {
        this.steps.give({ outcome: "left", action: { kind: "skip", path, reason: "transfers-failed" } });
      }
      return;
    }
    await this.#options.beforeDeletions();
    const below = new Map<string, Promise<unknown>[]>();
    await this.#inParallel(deletions, (deletion) => {
      const done = Promise.all(below.get(deletion.path) ?? []).then(() => this.#deleteOne(deletion));
      const beside = below.get(parentOf(deletion.path)) ?? [];
      below.set(parentOf(deletion.path), [...beside, done.catch(() => {})]);
      return done;
    });
  }

  #deleteOne(action: DeleteAction): Promise<boolean> {
    return this.#attempt(action, async (beganMs) => {
      await this.#target.delete(action.path, action.entry);
      return { outcome: "done", action, durationMs: elapsed(beganMs) };
    });
  }

  async #carryOut(action: ChangeAction, beganMs: number): Promise<SyncStep> {
    const target = this.#target;
    const { path } = action;
    switch (action.kind) {
      case "make-directory":
        await target.makeDirectory(path);
        break;
      case "set-times":
        await target.setTimes(path, action.modified);
        break;
      case "make-link":
        await target.makeLink(path, action.linkTarget);
        break;
      case "compare-hash": {
        const isSame = await target.isSame(path);
        const next = isSame === undefined ? replacementOf(action) : resolveHash(action, isSame);
        if (next === undefined) return { outcome: "same", action };
        if (next.kind === "replace") {
          this.#total.files++;
          this.#total.bytesTotal += Number(next.file.sizeBytes ?? 0);
        }
        return this.#carryOut(next as ChangeAction, beganMs);
      }
      case "transfer":
      case "replace": {
        const put = await this.#put(action);
        return { outcome: "done", action, ...put, durationMs: elapsed(beganMs) };
      }
    }
    return { outcome: "done", action, durationMs: elapsed(beganMs) };
  }

  async #put({ path, file }: Extract<ChangeAction, { kind: "transfer" | "replace" }>): Promise<PutOutcome> {
    const { onProgress } = this.#options;
    const total = this.#total;
    let counted = 0;
    const tell: OnProgress = (progress: Progress) => {
      total.bytes += progress.bytes - counted;
      counted = progress.bytes;
      if (progress.phase === "done") total.filesDone++;
      onProgress?.({ file: progress, total: { ...total } });
    };
    try {
      return await this.#target.put(path, file, tell);
    } catch (error) {
      total.bytes -= counted;
      throw error;
    }
  }

  /** Gives the step of what is tried; true where it succeeded. */
  async #attempt(action: DeleteAction | ChangeAction, work: (beganMs: number) => Promise<SyncStep>): Promise<boolean> {
    const { signal } = this.#options;
    signal.throwIfAborted();
    try {
      this.steps.give(await work(performance.now()));
      this.#options.directoryTimes?.take(action);
      return true;
    } catch (error) {
      if (signal.aborted || isFatal(error)) throw error;
      this.#hasFailed = true;
      this.steps.give({ outcome: "failed", action, error });
      return false;
    }
  }

  /** The first failure ends all, and is the one that counts. */
  async #inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
    const left = items.values();
    const worker = async (): Promise<void> => {
      try {
        for (const item of left) {
          this.#options.signal.throwIfAborted();
          // oxlint-disable-next-line no-await-in-loop -- one thing at a time for each worker
          await work(item);
        }
      } catch (error) {
        this.#options.stop(error);
        throw error;
      }
    };
    const ended = await Promise.allSettled(
      Array.from({ length: Math.min(this.#options.parallel, items.length) }, worker),
    );
    const failed = ended.find((result) => result.status === "rejected");
    if (failed !== undefined) throw this.#options.signal.aborted ? this.#options.signal.reason : failed.reason;
  }
}

/** Where nobody can compare, the source counts. */
function replacementOf({ path, file }: Extract<ChangeAction, { kind: "compare-hash" }>): ChangeAction {
  return { kind: "replace", path, file, because: "unknown" };
}

function elapsed(beganMs: number): number {
  return Math.round(performance.now() - beganMs);
}
