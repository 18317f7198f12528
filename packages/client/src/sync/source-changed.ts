import { SallyportError } from "@sallyport/protocol";
import type { FileFacts } from "./action.ts";
import { relateTimes } from "./compare.ts";

/** The source was written to while it was being copied; what came is of no use. */
export class SourceChanged extends SallyportError {
  /** What it is now. */
  readonly facts: FileFacts;

  constructor(facts: FileFacts) {
    super("SALLYPORT_SOURCE_CHANGED", "The file was changed while it was being copied");
    this.facts = facts;
  }
}

/** Raises {@link SourceChanged} where size or time prove that a file is not what it was. */
export function demandUnchanged(before: FileFacts, after: FileFacts): void {
  const isOtherSize =
    before.sizeBytes !== undefined &&
    after.sizeBytes !== undefined &&
    BigInt(before.sizeBytes) !== BigInt(after.sizeBytes);
  const relation = relateTimes(before.modified, after.modified, 0);
  if (isOtherSize || relation === "later" || relation === "earlier") throw new SourceChanged(after);
}

/** Copies; a file that changes meanwhile is copied once more, as it is then. */
export async function copyUnchanged<T>(file: FileFacts, copy: (file: FileFacts) => Promise<T>): Promise<T> {
  try {
    return await copy(file);
  } catch (error) {
    if (!(error instanceof SourceChanged)) throw error;
    return copy(error.facts);
  }
}

/** Marks a failure after which the same may be asked again: it begins anew then. */
export function askedAgain(error: unknown): unknown {
  return error instanceof SallyportError ? Object.assign(error, { retry: "again" }) : error;
}
