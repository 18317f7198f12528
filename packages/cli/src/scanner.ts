import { ExitCode as StricliExitCode } from "@stricli/core";
import { exitCodes } from "./exit-codes.ts";

/** The scanner reports each fault of a command line; one is enough to act on. */
export function firstMessageOnly(stream: { write(text: string): unknown }): { write(text: string): void } {
  let said = false;
  return {
    write(text) {
      if (!said) stream.write(text);
      said = true;
    },
  };
}

/** Stricli has negative codes of its own. */
export function ownExitCode(code: number): number {
  if (code === StricliExitCode.UnknownCommand || code === StricliExitCode.InvalidArgument) return exitCodes.usage;
  return code < 0 ? exitCodes.software : code;
}
