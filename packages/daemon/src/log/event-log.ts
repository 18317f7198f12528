import type { ServerObserver } from "@sallyport/server";
import { type DestinationStream, pino } from "pino";
import { viewOf } from "./event-table.ts";
import { jsonFields } from "./json-fields.ts";
import type { ServiceEvent } from "./service-event.ts";
import { terminalLine } from "./terminal-line.ts";
import { XferlogFile } from "./xferlog.ts";

export interface EventLogOptions {
  /** JSON lines instead of lines for people. */
  readonly json: boolean;
  /** The protocol as well, with secrets masked. */
  readonly transcript: boolean;
  /** Warnings and errors alone. */
  readonly quiet: boolean;
  /** Path of a transfer log in xferlog format. */
  readonly xferlog?: string;
}

/** Lines that wait for a slow reader; past this new ones are lost, since memory is worth more. */
const backlogBytesMax = 16_777_216;

/** How long the end of the process waits for whoever reads the log. */
const patienceMs = 1000;

/**
 * The log of a service on standard output: one line for each event. It never throws and never makes the server wait: a
 * terminal that stands still, or a pipe that nobody reads, costs lines and nothing else.
 */
export class EventLog implements ServerObserver, AsyncDisposable {
  readonly transcript: boolean;
  readonly #quiet: boolean;
  readonly #output: ReturnType<typeof pino.destination>;
  readonly #write: (event: ServiceEvent) => void;
  readonly #xferlog: XferlogFile | undefined;
  #abandoned = false;

  /** @throws {ConfigError} SALLYPORT_LOG_UNWRITABLE when the transfer log cannot be opened. */
  constructor(options: EventLogOptions) {
    this.transcript = options.transcript;
    this.#quiet = options.quiet;
    this.#xferlog = options.xferlog === undefined ? undefined : new XferlogFile(options.xferlog);
    // Asking process.stdout makes a pipe non-blocking, so that a write to a full one fails instead of holding a thread.
    const { fd } = process.stdout;
    const retryEAGAIN = () => !this.#abandoned;
    this.#output = pino.destination({ fd, sync: false, minLength: 1, maxLength: backlogBytesMax, retryEAGAIN });
    this.#output.on("error", () => undefined);
    this.#write = options.json ? jsonWriter(this.#output) : lineWriter(this.#output);
  }

  onEvent(event: ServiceEvent): void {
    if (event.kind === "transfer") this.#xferlog?.write(event);
    if (this.#quiet && ["debug", "info"].includes(viewOf(event).level)) return;
    this.#write(event);
  }

  /** Opens the transfer log anew, for log rotation. */
  reopen(): void {
    this.#xferlog?.reopen();
  }

  /** Writes a page among the lines, such as what a demonstration opens with. */
  page(text: string): void {
    this.#output.write(text);
  }

  /** Waits until every line is written, but not for a reader who has stopped. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#xferlog?.[Symbol.dispose]();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      this.#output.flush(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.#abandoned = true;
    this.#output.destroy();
  }
}

function lineWriter(output: DestinationStream): (event: ServiceEvent) => void {
  const terminal = process.stdout.isTTY;
  const colours = terminal && process.stdout.hasColors();
  return (event) => output.write(terminalLine(event, { terminal, colours }));
}

function jsonWriter(output: DestinationStream): (event: ServiceEvent) => void {
  const formatters = { level: (label: string) => ({ level: label }) };
  const logger = pino({ base: null, level: "debug", timestamp: false, formatters }, output);
  return (event) => {
    const { level, text } = viewOf(event);
    logger[level](jsonFields(event), text);
  };
}
