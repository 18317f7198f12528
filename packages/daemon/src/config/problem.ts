import { ConfigError, UsageError } from "@sallyport/protocol";

/** Where a value was said. */
export type Origin =
  | { readonly from: "default" }
  | { readonly from: "file"; readonly file: string; readonly line: number; readonly column: number }
  | { readonly from: "environment"; readonly variable: string }
  | { readonly from: "flag"; readonly flag: string };

/** One thing that is wrong with what was said. */
export interface Problem {
  readonly origin: Origin;
  /** The setting's name as it was written. */
  readonly key: string;
  /** What is wrong and what to do, without the place and the period. */
  readonly text: string;
}

/** An origin as people read it. */
export function originText(origin: Origin): string {
  switch (origin.from) {
    case "default":
      return "default";
    case "file":
      return `${origin.file}:${origin.line}:${origin.column}`;
    case "environment":
      return origin.variable;
    case "flag":
      return origin.flag;
  }
}

/** A problem as one line: the place as editors and compilers write it, then what is wrong. */
export function problemLine({ origin, text }: Problem): string {
  return origin.from === "file" ? `${originText(origin)}: ${text}` : text;
}

/**
 * The error for what was said wrong: one sentence with the first problem, and how many more there are. A command line
 * that is wrong by itself is a UsageError.
 */
export function problemError(problems: readonly [Problem, ...Problem[]]): ConfigError | UsageError {
  const [first, ...more] = problems;
  const { origin } = first;
  if (origin.from === "flag") return new UsageError("SALLYPORT_USAGE_CONTRADICTION", `${first.text}.`);
  const place = origin.from === "file" ? `In ${originText(origin)}: ` : "";
  const count = more.length === 0 ? "" : ` (and ${more.length} more: "sallyport config check" lists them)`;
  return new ConfigError("SALLYPORT_CONFIG_SETTING", `${place}${first.text}${count}.`);
}
