import { closeSync, constants, openSync, writeSync } from "node:fs";
import { ConfigError } from "@sallyport/protocol";
import { errorCode } from "../files.ts";

/**
 * Opens a log file to append to. A named pipe is opened without waiting: one that nobody reads is an error at once, and
 * one whose reader stands still makes no write wait.
 *
 * @throws {ConfigError} SALLYPORT_LOG_UNWRITABLE.
 */
export function openLog(path: string, what: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
  try {
    return openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o640);
  } catch (cause) {
    const user = `user number ${process.geteuid?.() ?? "unknown"}`;
    const message = `The ${what} ${path} cannot be written by ${user} (${errorCode(cause)}): name a file in a directory that this user may write to.`;
    throw new ConfigError("SALLYPORT_LOG_UNWRITABLE", message, { cause });
  }
}

/** Hears that a log file cannot be written, once, and when it can again, with the number of lines that are missing. */
export interface LogFileWatcher {
  onFailed(cause: string): void;
  onRecovered(linesLost: number): void;
}

/**
 * A log file whose lines are written at once, so that a line that was written survives a crash. Nothing that goes wrong
 * with it reaches the caller: the watcher is told.
 */
export class LogFile implements Disposable {
  readonly #path: string;
  readonly #what: string;
  readonly #watcher: LogFileWatcher;
  #descriptor: number;
  #linesLost = 0;
  /** A full disk took a part of a line; what follows begins a new one. */
  #torn = false;

  /** @throws {ConfigError} SALLYPORT_LOG_UNWRITABLE. */
  constructor(path: string, what: string, watcher: LogFileWatcher) {
    this.#path = path;
    this.#what = what;
    this.#watcher = watcher;
    this.#descriptor = openLog(path, what);
  }

  write(line: string): void {
    const octets = Buffer.from(this.#torn ? `\n${line}` : line);
    try {
      const writtenBytes = writeSync(this.#descriptor, octets);
      if (writtenBytes === octets.length) return this.#succeeded();
      this.#torn = true;
      this.#failed("ENOSPC");
    } catch (error) {
      this.#failed(errorCode(error));
    }
  }

  /** Starts a new file after the old one was moved away by log rotation; keeps the old one where that fails. */
  reopen(): void {
    const descriptor = openLog(this.#path, this.#what);
    closeSync(this.#descriptor);
    this.#descriptor = descriptor;
    this.#torn = false;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  #succeeded(): void {
    const linesLost = this.#linesLost;
    this.#linesLost = 0;
    this.#torn = false;
    if (linesLost > 0) this.#watcher.onRecovered(linesLost);
  }

  #failed(cause: string): void {
    if (++this.#linesLost === 1) this.#watcher.onFailed(cause);
  }
}
