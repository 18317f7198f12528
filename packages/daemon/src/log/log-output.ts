import { pino } from "pino";
import { openLog } from "./log-file.ts";

type Destination = ReturnType<typeof pino.destination>;

/** Lines that wait for a slow reader; past this new ones are lost, since memory is worth more. */
const backlogBytesMax = 16_777_216;

/** Lines that follow a written one within this time leave together: each write costs the hop to a thread (50 µs). */
const gatherMs = 10;
const gatherLength = 65_536;

/** How long the end of the process waits for whoever reads the log. */
const patienceMs = 1000;

/**
 * Where the lines of the log go: standard output, or a file that can be opened anew. Writing never throws and never
 * waits; whoever does not read loses lines, and a failure of the system is said once on standard error.
 */
export class LogOutput implements AsyncDisposable {
  readonly #path: string | undefined;
  #destination: Destination;
  #abandoned = false;
  #linesLost = 0;
  #saidFailure = false;
  /** What was written since the last lines left; undefined where the next line leaves at once. */
  #gathered: string | undefined;
  #gathering: NodeJS.Timeout | undefined;
  // sonic-boom writes what is left when the process ends, and tries for ever where nobody reads.
  readonly #abandon = (): void => {
    this.#abandoned = true;
    this.#destination.destroy();
  };

  /** @throws {ConfigError} SALLYPORT_LOG_UNWRITABLE. */
  constructor(path: string | undefined) {
    this.#path = path;
    // Asking process.stdout makes a pipe non-blocking, so that a write to a full one fails instead of holding a thread.
    this.#destination = this.#open(path === undefined ? process.stdout.fd : openLog(path, "log"));
    process.prependOnceListener("exit", this.#abandon);
  }

  write(line: string): void {
    if (this.#gathered === undefined) {
      this.#destination.write(line);
      this.#gathered = "";
      this.#gathering = setTimeout(() => this.#gatherOn(), gatherMs);
      return;
    }
    this.#gathered += line;
    if (this.#gathered.length > gatherLength) this.#release();
  }

  /** Lines that were lost since the last time that this was asked, because nobody read the log. */
  takeLinesLost(): number {
    const linesLost = this.#linesLost;
    this.#linesLost = 0;
    return linesLost;
  }

  /**
   * Goes on in a new file after log rotation moved the old one away; standard output is whoever's who opened it.
   *
   * @throws {ConfigError} SALLYPORT_LOG_UNWRITABLE; the old file stays in use.
   */
  reopen(): void {
    if (this.#path === undefined) return;
    const descriptor = openLog(this.#path, "log");
    this.#release();
    const old = this.#destination;
    this.#destination = this.#open(descriptor);
    old.end();
  }

  /** Waits until every line is written, but not for a reader who has stopped. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#gathering);
    this.#release();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      this.#destination.flush(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    process.off("exit", this.#abandon);
    this.#abandon();
  }

  /** Lets go what was gathered, and goes on gathering as long as there is something. */
  #gatherOn(): void {
    const isQuiet = this.#gathered === "";
    this.#release();
    if (isQuiet) this.#gathered = undefined;
    else this.#gathering = setTimeout(() => this.#gatherOn(), gatherMs);
  }

  #release(): void {
    if (this.#gathered !== undefined && this.#gathered !== "") this.#destination.write(this.#gathered);
    this.#gathered &&= "";
  }

  #open(fd: number): Destination {
    const retryEAGAIN = () => !this.#abandoned;
    const destination = pino.destination({ fd, sync: false, minLength: 1, maxLength: backlogBytesMax, retryEAGAIN });
    destination.on("error", (error: Error) => this.#sayFailure(error));
    destination.on("write", () => (this.#saidFailure = false));
    destination.on("drop", (lines: string) => (this.#linesLost += lines.split("\n").length - 1));
    return destination;
  }

  #sayFailure(error: Error): void {
    // EPIPE is a reader that went away, such as head(1): nobody is there to be told.
    const isReaderGone = "code" in error && error.code === "EPIPE";
    if (this.#saidFailure || this.#abandoned || isReaderGone) return;
    this.#saidFailure = true;
    process.stderr.write(`sallyport: The log cannot be written (${error.message}); the server goes on.\n`);
  }
}
