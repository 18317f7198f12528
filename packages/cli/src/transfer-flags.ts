import { parseCount, switchFlag } from "./flags.ts";

/** What happens to a file whose name is taken. */
export type ExistingPolicy = "overwrite" | "skip" | "newer" | "size-differs" | "resume" | "rename" | "fail";

/** What `get` and `put` can both be told. */
export interface TransferFlags {
  readonly recursive?: boolean;
  readonly onExisting: ExistingPolicy;
  readonly parallel: number;
  readonly resume?: boolean;
  readonly verify?: "off" | "size" | "hash" | "sample" | "auto";
  readonly preserveTimes?: boolean;
}

export const transferFlags = {
  onExisting: {
    kind: "enum",
    values: ["overwrite", "skip", "newer", "size-differs", "resume", "rename", "fail"],
    placeholder: "POLICY",
    brief: "What happens to a file whose name is taken",
    default: "overwrite",
  },
  parallel: {
    kind: "parsed",
    parse: parseCount,
    brief: "Files at a time, each on a connection of its own",
    placeholder: "N",
    default: "1",
  },
  resume: switchFlag("Keep the part of a file that breaks off, and go on with one of the same version"),
  verify: {
    kind: "enum",
    values: ["off", "size", "hash", "sample", "auto"],
    placeholder: "HOW",
    brief:
      "How what moved is compared: by the server's checksum, by parts that are read back, by what there is, by size alone (default: size, and auto where a part was gone on with)",
    optional: true,
  },
  preserveTimes: switchFlag("Keep the time of change"),
} as const;
