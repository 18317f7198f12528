import type { ConflictReason, SkipReason, SyncAction, SyncStep } from "@sallyport/client";
import { countText, sizeText, spanText } from "../terminal/quantities.ts";
import { visibleText } from "../terminal/visible-text.ts";
import { failedText, isLasting } from "./failed-text.ts";

const reasons: Readonly<Record<SkipReason | ConflictReason, string>> = {
  link: "it is a link",
  special: "it is neither file nor directory",
  "target-newer": "the target's is newer",
  "target-unlisted": "its directory in the target cannot be listed",
  "source-incomplete": "the source was not listed wholly",
  "source-empty": "the source is empty; --empty-source deletes even so",
  "too-many-deletions": "more would be deleted than --max-delete says",
  "transfers-failed": "not everything could be transferred",
  unlisted: "it cannot be listed",
  "type-clash": "one side has a directory there and the other a file; --replace-kind deletes what the target has",
  "case-collision": "the target cannot tell it from another name of the source",
  duplicate: "the source names it twice",
  "unsafe-name": "its name would lead elsewhere",
  "name-refused": "the target can hold no such name",
  "link-leaves-tree": "the link would lead elsewhere",
};

const changes: Readonly<Record<string, string>> = {
  size: "other size",
  newer: "newer",
  time: "other time",
  hash: "other content",
  unknown: "cannot be compared",
  link: "was a link",
};

/** One action of a plan in words. */
export function stepText(action: SyncAction): string {
  const path = visibleText(action.path);
  switch (action.kind) {
    case "make-directory":
      return `make      ${path}/`;
    case "transfer":
      return `transfer  ${path}${sizeNote(action.file.sizeBytes)}`;
    case "replace":
      return `replace   ${path}${sizeNote(action.file.sizeBytes)}: ${changes[action.because] ?? action.because}`;
    case "compare-hash":
      return `compare   ${path}`;
    case "set-times":
      return `set time  ${path}`;
    case "make-link":
      return `link      ${path} → ${visibleText(action.linkTarget)}`;
    case "delete":
      return `delete    ${path}${action.entry === "directory" ? "/" : ""}`;
    case "skip":
      return `leave     ${path}: ${reasons[action.reason]}`;
    case "conflict":
      return `conflict  ${path}: ${reasons[action.reason]}`;
  }
}

/** Why an action does nothing, in words. */
export function reasonText(reason: SkipReason | ConflictReason): string {
  return reasons[reason];
}

function sizeNote(sizeBytes: number | bigint | undefined): string {
  return sizeBytes === undefined ? "" : ` (${sizeText(sizeBytes).trimEnd()})`;
}

/** Counts what a mirror does. */
export class MirrorTally {
  deletionsWithheld: SkipReason | undefined;
  readonly #isDryRun: boolean;
  readonly #beganMs = performance.now();
  /** Of the failed, those that fail again. */
  #lasting = 0;
  readonly #counts = { files: 0, bytes: 0, directories: 0, deleted: 0, left: 0, failed: 0 };

  constructor(isDryRun: boolean) {
    this.#isDryRun = isDryRun;
  }

  count(step: SyncStep): void {
    const counts = this.#counts;
    const { kind } = step.action;
    if (kind === "conflict" || (step.outcome === "failed" && isLasting(step.error))) this.#lasting++;
    if (step.outcome === "failed" || step.outcome === "untried" || kind === "conflict") counts.failed++;
    else if (kind === "skip") counts.left++;
    else if (step.outcome === "done" || step.outcome === "planned") {
      if (kind === "make-directory") counts.directories++;
      if (kind === "delete") counts.deleted++;
      if (kind === "transfer" || kind === "replace") {
        counts.files++;
        counts.bytes += step.outcome === "done" ? (step.bytes ?? 0) : Number(step.action.file.sizeBytes ?? 0);
      }
    }
  }

  /** What was to be deleted and was not, for safety. */
  withheldFailure(): { readonly code: string; readonly message: string } | undefined {
    if (this.deletionsWithheld === undefined) return undefined;
    const message = `Nothing was deleted: ${reasons[this.deletionsWithheld]}`;
    return { code: "SALLYPORT_MIRROR_DELETIONS_WITHHELD", message };
  }

  summary(): object {
    return { ...this.#counts, durationMs: this.#durationMs, dryRun: this.#isDryRun };
  }

  text(): string {
    const { files, bytes, directories, deleted, left, failed } = this.#counts;
    const span = this.#isDryRun ? "" : ` in ${spanText(this.#durationMs)}`;
    const parts = [
      `${countText(files, "file")}, ${sizeText(bytes).trimEnd()}${span}`,
      ...(directories > 0 ? [`${directories} ${directories === 1 ? "directory" : "directories"} made`] : []),
      ...(deleted > 0 ? [`${deleted} deleted`] : []),
      ...(left > 0 ? [`${left} left as ${left === 1 ? "it is" : "they are"}`] : []),
      ...(failed > 0 ? [failedText(String(failed), { count: failed, lasting: this.#lasting })] : []),
    ];
    return `${this.#isDryRun ? "Would be done: " : ""}${parts.join("; ")}.`;
  }

  get #durationMs(): number {
    return Math.round(performance.now() - this.#beganMs);
  }
}
