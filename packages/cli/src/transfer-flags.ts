import { parseCount, switchFlag } from "./flags.ts";

/** What happens to a file whose name is taken. */
export type ExistingPolicy = "overwrite" | "skip" | "newer" | "fail";

/** What `get` and `put` can both be told. */
export interface TransferFlags {
  readonly recursive?: boolean;
  readonly onExisting: ExistingPolicy;
  readonly parallel: number;
  readonly preserveTimes?: boolean;
}

export const transferFlags = {
  onExisting: {
    kind: "enum",
    values: ["overwrite", "skip", "newer", "fail"],
    brief: "What happens to a file whose name is taken; newer overwrites what is older",
    default: "overwrite",
  },
  parallel: {
    kind: "parsed",
    parse: parseCount,
    brief: "Files at a time, each on a connection of its own",
    placeholder: "N",
    default: "1",
  },
  preserveTimes: switchFlag("Keep the time of change"),
} as const;
