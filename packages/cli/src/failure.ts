import {
  type AliasNotFoundError,
  type ApplicationText,
  ArgumentScannerError,
  formatMessageForArgumentScannerError,
  text_en,
} from "@stricli/core";
import { sallyportCode } from "./exit-codes.ts";
import { visibleText } from "./terminal/visible-text.ts";

/**
 * The texts of everything that can go wrong, one sentence each: what is wrong, and what to do. Stack traces are for
 * `verbose` alone.
 */
export function failureTexts(options: {
  readonly command: string;
  readonly verbose: boolean;
  /** What is said of a flag that the command has not, where there is more to say than that. */
  readonly placeOfFlag?: (given: string) => string | undefined;
}): ApplicationText {
  const { command, placeOfFlag = () => undefined } = options;
  const asFailure = (error: unknown) => failureText(error, options.verbose);
  return {
    ...text_en,
    noCommandRegisteredForInput: ({ input, corrections }) => sentence(unknownCommand(input, corrections, command)),
    exceptionWhileParsingArguments: (error) =>
      error instanceof ArgumentScannerError ? sentence(scannerText(error, command, placeOfFlag)) : asFailure(error),
    exceptionWhileLoadingCommandFunction: asFailure,
    exceptionWhileLoadingCommandContext: asFailure,
    exceptionWhileRunningCommand: asFailure,
    exceptionWhileRunningIntegrationFlag: ({ exception }) => asFailure(exception),
    commandErrorResult: asFailure,
  };
}

/** One sentence for an error; for one that is not ours also where to report it. */
export function failureText(error: unknown, verbose: boolean): string {
  const message = error instanceof Error ? error.message : String(error);
  const code = sallyportCode(error);
  const text =
    code === undefined
      ? `An unexpected error occurred (${firstLine(message)}): please report it with the output of the same command and --verbose.`
      : [message, ...(advice[code] ?? [])].join("; ");
  const said = [sentence(text), ...linesBehind(error)].join("\n");
  return verbose && error instanceof Error ? `${said}\n${stackWithCauses(error)}` : said;
}

/** What an error brings along to be shown as it stands. */
function linesBehind(error: unknown): readonly string[] {
  return error instanceof Error && "linesBehind" in error && Array.isArray(error.linesBehind) ? error.linesBehind : [];
}

/** What to do, where the library that raised the error does not know the command. */
const advice: Readonly<Record<string, readonly string[]>> = {
  SALLYPORT_ACCOUNT_NOT_FOUND: ['"sallyport user list" shows those there are'],
  SALLYPORT_ACCOUNT_EXISTS: ['"sallyport user set" changes it, "sallyport user password" its password'],
  SALLYPORT_ACCOUNT_BUSY: ["try again"],
  SALLYPORT_CONFIG_IMPORT: ["mend the file, or import the rest with --skip-malformed"],
};

function sentence(text: string): string {
  const [first = "", ...rest] = text.trim();
  const ended = /[.?!]$/.test(text.trim()) ? "" : ".";
  return `sallyport: ${isName(text) ? first : first.toUpperCase()}${rest.join("")}${ended}`;
}

/** Whether a sentence begins with the name of a file or a host, which stays as it was given. */
function isName(text: string): boolean {
  return /^\S*[./@\d]\S*\s|^\S+ port \d/.test(text.trim());
}

function firstLine(text: string): string {
  return visibleText(text.split("\n")[0] ?? "").replace(/\.$/, "");
}

function stackWithCauses(error: Error): string {
  // It names what a server or a disk said.
  const own = (error.stack ?? String(error))
    .split("\n")
    .map((line) => visibleText(line))
    .join("\n");
  return error.cause instanceof Error ? `${own}\ncaused by ${stackWithCauses(error.cause)}` : own;
}

function unknownCommand(input: string, corrections: readonly string[], command: string): string {
  const word = printable(input);
  if (word.startsWith("-")) {
    return `There is no flag ${word} before a command: name the command first, or see "${command} --help".`;
  }
  const meant = corrections.map((name) => `"${name.replaceAll("`", "")}"`).join(" or ");
  return `There is no command "${word}": ${meant === "" ? `"${command} --help" lists them.` : `did you mean ${meant}?`}`;
}

function scannerText(
  error: ArgumentScannerError,
  command: string,
  placeOfFlag: (given: string) => string | undefined,
): string {
  const seeHelp = `"${command} --help" lists what there is`;
  return formatMessageForArgumentScannerError(error, {
    FlagNotFoundError: ({ input, corrections }) => {
      const place = placeOfFlag(input);
      if (place !== undefined) return `There is no flag ${dashed(input)} here: ${place}`;
      const meant = corrections
        .map((name) => dashed(name))
        .filter((name) => isLikely(name, dashed(input)))
        .join(" or ");
      return `There is no flag ${dashed(input)}: ${meant === "" ? seeHelp : `did you mean ${meant}?`}`;
    },
    AliasNotFoundError: ({ input }: AliasNotFoundError) => `There is no flag ${dashed(input)}: ${seeHelp}`,
    ArgumentParseError: ({ externalFlagNameOrPlaceholder: name, input, exception }) =>
      `${subject(name)} takes ${exception instanceof Error ? exception.message : "another value"}, not "${printable(input)}"`,
    EnumValidationError: ({ externalFlagName, input, values }) =>
      `${subject(externalFlagName)} takes ${values.join(" | ")}, not "${printable(input)}"`,
    InvalidNegatedFlagSyntaxError: ({ externalFlagName }) => `The flag ${dashed(externalFlagName)} takes no value`,
    UnexpectedFlagError: ({ externalFlagName }) => `The flag ${dashed(externalFlagName)} is given twice`,
    UnexpectedPositionalError: ({ input }) => `There is one word too many, "${printable(input)}": ${seeHelp}`,
    UnsatisfiedFlagError: ({ externalFlagName }) =>
      neededFlags[externalFlagName] ?? `The flag ${dashed(externalFlagName)} needs a value: ${seeHelp}`,
    UnsatisfiedPositionalError: ({ placeholder }) => `${placeholder} is missing: ${seeHelp}`,
  });
}

/** Flags that a command cannot do without, where the name alone does not say what is wanted. */
const neededFlags: Readonly<Record<string, string>> = {
  format: "Say which program wrote FILE: give --format htpasswd, proftpd, pureftpd or vsftpd",
};

/** Few slip on the first letter: `--port` is not what was to become `--cert`. */
function isLikely(meant: string, given: string): boolean {
  return meant[2] === given[2];
}

/** Flags come without their dashes from the scanner, placeholders of words are in capitals. */
function subject(name: string): string {
  return name === name.toUpperCase() ? name : dashed(name);
}

function dashed(name: string): string {
  const bare = printable(name.replace(/^-+/, "")).replace(
    /[a-z][A-Z]/g,
    ([left = "", right = ""]) => `${left}-${right.toLowerCase()}`,
  );
  return bare.length === 1 ? `-${bare}` : `--${bare}`;
}

function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}
