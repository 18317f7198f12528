import { openSync } from "node:fs";
import { ReadStream } from "node:tty";
import { UsageError, limits } from "@sallyport/protocol";

/**
 * Asks for a new password: on the terminal twice, or with `fromStdin` as the first line of standard input. Passwords are
 * never taken from the command line, where every process of the machine can read them.
 *
 * @throws {UsageError} SALLYPORT_USAGE_PASSWORD when there is none, or the two differ.
 */
export async function readNewPassword(options: {
  readonly fromStdin: boolean;
  readonly account: string;
}): Promise<string> {
  if (options.fromStdin) return firstLineOf(process.stdin);
  if (!process.stdin.isTTY) {
    throw passwordError("There is no terminal to ask for a password: give it on standard input with --password-stdin");
  }
  const { isCancel, password } = await import("@clack/prompts");
  const ask = async (message: string) => {
    const answer = await untilInputEnds((signal) => password({ message, signal }));
    if (isCancel(answer)) throw passwordError("No password was given, and nothing was changed");
    return answer;
  };
  const first = await ask(`Password for ${options.account}`);
  if ((await ask("The same again")) !== first) throw passwordError("The two passwords differ: try again");
  return first;
}

/**
 * Asks for a password that exists, on the terminal that the process was started from, even where standard input and
 * output are a file's; nothing that is typed is shown. Undefined where there is no terminal, that is, where standard
 * error is none.
 *
 * @throws {UsageError} SALLYPORT_USAGE_PASSWORD where the person gives none.
 */
export async function askPassword(message: string): Promise<string | undefined> {
  if (!process.stderr.isTTY) return undefined;
  const terminal = process.stdin.isTTY ? process.stdin : openTerminal();
  if (terminal === undefined) return undefined;
  const { isCancel, password } = await import("@clack/prompts");
  try {
    const answer = await untilInputEnds((signal) =>
      password({ message, signal, mask: "", input: terminal, output: process.stderr, withGuide: false }),
    );
    if (isCancel(answer) || answer === "" || answer === undefined) throw passwordError("No password was given");
    return answer;
  } finally {
    if (terminal !== process.stdin) terminal.destroy();
  }
}

function openTerminal(): ReadStream | undefined {
  try {
    return new ReadStream(openSync("/dev/tty", "r"));
  } catch {
    return undefined;
  }
}

/** The prompt does not notice that its input has ended (Ctrl-D); nothing is left to wait for then, and the process would end. */
async function untilInputEnds<Answer>(ask: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
  const ended = new AbortController();
  const abort = () => ended.abort();
  process.once("beforeExit", abort);
  try {
    return await ask(ended.signal);
  } finally {
    process.off("beforeExit", abort);
  }
}

/**
 * The first line of a stream, which is a password.
 *
 * @throws {UsageError} SALLYPORT_USAGE_PASSWORD where it is empty, or longer than passwords can be.
 */
export async function firstLineOf(input: AsyncIterable<Uint8Array | string>): Promise<string> {
  const [line = ""] = await linesOf(input, 1);
  if (line === "") throw passwordError("There is no password on standard input: write it there as one line");
  return checkedLine(line);
}

/**
 * Reads the passwords of two servers, one line for each; what there is not is an empty line.
 *
 * @throws {UsageError} SALLYPORT_USAGE_PASSWORD where one is longer than passwords can be.
 */
export async function twoLinesOf(input: AsyncIterable<Uint8Array | string>): Promise<readonly [string, string]> {
  const [first = "", second = ""] = await linesOf(input, 2);
  return [checkedLine(first), checkedLine(second)];
}

async function linesOf(input: AsyncIterable<Uint8Array | string>, count: number): Promise<readonly string[]> {
  const bytesMax = count * (limits.passwordBytes.value + 2);
  const chunks: Buffer[] = [];
  let length = 0;
  let linesCount = 0;
  for await (const chunk of input) {
    const octets = Buffer.from(chunk);
    chunks.push(octets);
    length += octets.length;
    linesCount += octets.toString("latin1").split("\n").length - 1;
    if (linesCount >= count || length > bytesMax) break;
  }
  return Buffer.concat(chunks).toString("utf8").split(/\r?\n/, count);
}

function checkedLine(line: string): string {
  const bytesMax = limits.passwordBytes.value;
  if (Buffer.byteLength(line) <= bytesMax) return line;
  throw passwordError(`The password is longer than ${bytesMax} octets: choose a shorter one`);
}

function passwordError(message: string): UsageError {
  return new UsageError("SALLYPORT_USAGE_PASSWORD", `${message}.`);
}
