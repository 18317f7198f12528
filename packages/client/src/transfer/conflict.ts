import { UsageError } from "@sallyport/protocol";

/**
 * What happens where a name is taken: `skip` leaves what is there; `newer` and `size-differs` replace it where the source
 * is newer or not of the same size; `resume` goes on behind the octets that are there; `rename` takes another name;
 * `fail` rejects with `SALLYPORT_FILE_EXISTS`.
 */
export type ConflictPolicy = "overwrite" | "skip" | "resume" | "newer" | "size-differs" | "rename" | "fail";

/** A policy, or somebody who is asked for one each time. */
export type OnConflict = ConflictPolicy | ((conflict: Conflict) => ConflictPolicy | Promise<ConflictPolicy>);

export interface Conflict {
  /** The name that is taken. */
  readonly path: string;
  readonly source: KnownFile;
  readonly target: KnownFile;
}

export interface KnownFile {
  readonly size: number | undefined;
  readonly modifiedMs: number | undefined;
}

/** What to do then; `continue` begins behind the octets that are there. */
export type Resolution =
  | { readonly kind: "replace" | "continue" | "rename" }
  | { readonly kind: "skip"; readonly because: string };

export async function resolveConflict(onConflict: OnConflict, conflict: Conflict): Promise<Resolution> {
  const policy = typeof onConflict === "function" ? await onConflict(conflict) : onConflict;
  return resolutions[policy](conflict);
}

const replace = { kind: "replace" } as const;

const resolutions: Readonly<Record<ConflictPolicy, (conflict: Conflict) => Resolution>> = {
  overwrite: () => replace,
  skip: () => ({ kind: "skip", because: "it exists" }),
  rename: () => ({ kind: "rename" }),
  // Of unknown times and sizes nothing can be said, so the source is taken.
  newer: ({ source, target }) =>
    source.modifiedMs === undefined || target.modifiedMs === undefined || source.modifiedMs > target.modifiedMs
      ? replace
      : { kind: "skip", because: "it is not older" },
  "size-differs": ({ source, target }) =>
    source.size === undefined || source.size !== target.size
      ? replace
      : { kind: "skip", because: "it has the same size" },
  resume: ({ source, target }) => {
    if (source.size === undefined || target.size === undefined || target.size > source.size) return replace;
    return target.size === source.size ? { kind: "skip", because: "it has the same size" } : { kind: "continue" };
  },
  fail: () => {
    throw new UsageError("SALLYPORT_FILE_EXISTS", "There is a file of that name already");
  },
};

/** The first name of the form `name (2).ext` that is free. */
export async function freeName(path: string, isTaken: (path: string) => Promise<boolean>): Promise<string> {
  const slash = path.lastIndexOf("/");
  const dot = path.lastIndexOf(".");
  const [stem, extension] = dot > slash + 1 ? [path.slice(0, dot), path.slice(dot)] : [path, ""];
  for (let number = 2; number < namesMax; number++) {
    const name = `${stem} (${number})${extension}`;
    // oxlint-disable-next-line no-await-in-loop -- the first that is free
    if (!(await isTaken(name))) return name;
  }
  throw new UsageError("SALLYPORT_FILE_EXISTS", "There are too many files of that name already");
}

const namesMax = 10_000;
