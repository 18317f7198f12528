import type { CommandContext } from "@stricli/core";
import type { ExitCode } from "../exit-codes.ts";

/** Stricli ends with the exit code that a command has set, which its type of a command's context does not say. */
export function endWith(context: CommandContext, exitCode: ExitCode): void {
  const { process: ending }: { readonly process: CommandContext["process"] & { exitCode?: ExitCode } } = context;
  ending.exitCode = exitCode;
}
