import { limitValues } from "@sallyport/protocol";
import type { ServerObserver } from "@sallyport/server";
import { asUserAtOnce, findUser, isRoot } from "../privileges.ts";
import { viewOf } from "./event-table.ts";
import { jsonFields } from "./json-fields.ts";
import { LineBudget } from "./line-budget.ts";
import { LogFile } from "./log-file.ts";
import { LogOutput } from "./log-output.ts";
import type { ServiceEvent } from "./service-event.ts";
import { terminalLine } from "./terminal-line.ts";
import { xferlogLine } from "./xferlog.ts";

export interface EventLogOptions {
  /** JSON lines instead of lines for people. */
  readonly json: boolean;
  /** The protocol as well, with secrets masked. */
  readonly transcript: boolean;
  /** Warnings and errors alone. */
  readonly quiet: boolean;
  /** Path of a file that is appended to; standard output where absent. */
  readonly file?: string;
  /** Path of a transfer log in xferlog format. */
  readonly xferlog?: string;
  /**
   * User that root will become: the files are opened as that user from the first time on, so that rotation can open them
   * again, and nothing that this user puts in their place is written to as root.
   */
  readonly runAs?: string;
}

/**
 * The log of a service: one line for each event. It never throws and never makes the server wait: a terminal that stands
 * still, a pipe that nobody reads or a full disk costs lines and nothing else, and each is told once.
 */
export class EventLog implements ServerObserver, AsyncDisposable {
  readonly transcript: boolean;
  readonly quiet: boolean;
  readonly #output: LogOutput;
  readonly #write: (event: ServiceEvent) => void;
  readonly #xferlog: LogFile | undefined;
  readonly #budget: LineBudget;

  /** @throws {ConfigError} SALLYPORT_LOG_UNWRITABLE when a log file cannot be opened, or as {@link findUser}. */
  constructor(options: EventLogOptions) {
    this.transcript = options.transcript;
    this.quiet = options.quiet;
    this.#output = asLogUser(options, () => new LogOutput(options.file));
    this.#write = options.json ? jsonWriter(this.#output) : lineWriter(this.#output, options.file === undefined);
    this.#xferlog = asLogUser(options, () =>
      options.xferlog === undefined ? undefined : this.#transferLog(options.xferlog),
    );
    this.#budget = new LineBudget(limitValues(), (event) => this.onEvent(event));
  }

  onEvent(event: ServiceEvent): void {
    if (event.kind === "transfer") this.#writeTransfer(event);
    if (this.quiet && ["debug", "info"].includes(viewOf(event).level)) return;
    if (!this.#budget.admits(event)) return;
    this.#write(event);
    const linesCount = this.#output.takeLinesLost();
    if (linesCount === 0) return;
    const cause = "nobody read the log";
    this.#write({ kind: "lines-left-out", atMs: Date.now(), linesCount, cause });
  }

  /** Opens every log file anew, for log rotation; one that cannot be opened stays as it is, and the log says so. */
  reopen(): void {
    for (const file of [this.#output, this.#xferlog]) {
      try {
        file?.reopen();
      } catch (error) {
        const cause = error instanceof Error ? error.message : String(error);
        this.onEvent({ kind: "reload-failed", atMs: Date.now(), cause });
      }
    }
  }

  /** Writes a page among the lines, such as what a demonstration opens with. */
  page(text: string): void {
    this.#output.write(text);
  }

  /** Waits until every line is written, but not for a reader who has stopped. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#budget[Symbol.dispose]();
    this.#xferlog?.[Symbol.dispose]();
    await this.#output[Symbol.asyncDispose]();
  }

  #writeTransfer(event: Extract<ServiceEvent, { kind: "transfer" }>): void {
    if (this.#xferlog === undefined) return;
    const line = xferlogLine(event);
    if (line !== undefined) this.#xferlog.write(line);
  }

  #transferLog(file: string): LogFile {
    return new LogFile(file, "transfer log", {
      onFailed: (cause) => this.onEvent({ kind: "log-failed", atMs: Date.now(), file, cause }),
      onRecovered: (linesLost) => this.onEvent({ kind: "log-recovered", atMs: Date.now(), file, linesLost }),
    });
  }
}

function asLogUser<Result>({ file, xferlog, runAs }: EventLogOptions, open: () => Result): Result {
  const isHandedOver = runAs !== undefined && (file ?? xferlog) !== undefined && isRoot();
  return isHandedOver ? asUserAtOnce(findUser(runAs), open) : open();
}

function lineWriter(output: LogOutput, isStandardOutput: boolean): (event: ServiceEvent) => void {
  const terminal = isStandardOutput && process.stdout.isTTY;
  const colours = terminal && process.stdout.hasColors();
  return (event) => output.write(terminalLine(event, { terminal, colours }));
}

function jsonWriter(output: LogOutput): (event: ServiceEvent) => void {
  return (event) => {
    const { level, text } = viewOf(event);
    output.write(`${JSON.stringify({ level, ...jsonFields(event), msg: text })}\n`);
  };
}
