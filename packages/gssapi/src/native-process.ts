import { DataBlockDecoder, type LimitValues } from "@sallyport/protocol";
import { provedDataPathHooks, readIntoUserBuffer, SecurityMechanismError } from "@sallyport/transport";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { extname } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { decodeAnswer, encodeQuestionHead, type Question } from "./questions.ts";

/** What a process is started with. */
export interface NativeProcessOptions {
  /** Its arguments, as process/main.ts takes them. */
  readonly programArguments: readonly string[];
  /** Variables that it has besides ours. */
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: ProcessLimits;
}

export type ProcessLimits = Pick<
  LimitValues,
  "mechanismMessageBytes" | "mechanismQuestionsCount" | "mechanismInFlightBytes" | "mechanismAnswerMs"
>;

interface Pending {
  readonly question: Question;
  readonly resolve: (octets: Uint8Array) => void;
  readonly reject: (error: SecurityMechanismError) => void;
}

/**
 * One run of the program that calls the library. Questions go to it in the order in which they are asked, some of them at
 * the same time, the rest when there is room; when it ends, all that are open are answered by `unavailable`, and so are
 * later ones. It does not keep this process alive but while a question is open.
 */
export class NativeProcess implements AsyncDisposable {
  readonly #limits: ProcessLimits;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #decoder: DataBlockDecoder;
  readonly #ended = Promise.withResolvers<void>();
  /** Not sent yet. */
  readonly #waiting: Pending[] = [];
  /** Sent; the first one is answered next. */
  readonly #open: Pending[] = [];
  #inFlightBytes = 0;
  #end: SecurityMechanismError | undefined;
  #watch: NodeJS.Timeout | undefined;

  constructor({ programArguments, environment, limits }: NativeProcessOptions) {
    this.#limits = limits;
    this.#decoder = new DataBlockDecoder(limits.mechanismMessageBytes + frameBytes, (bytes) => this.#memoryOf(bytes));
    this.#child = spawn(process.execPath, [...nodeArguments, program, ...programArguments], {
      env: { ...process.env, NODE_OPTIONS: "", ...environment },
      stdio: ["pipe", "pipe", "inherit"],
      // Ctrl-C goes to the whole group; who asks says when it ends.
      detached: true,
    });
    this.#child.on("error", (error) => this.#finish(`Its process cannot be started: ${error.message}`));
    this.#child.on("exit", (code, signal) => this.#finish(`Its process ended (${signal ?? `exit code ${code}`})`));
    this.#child.stdin.on("error", () => undefined);
    this.#child.stdin.on("drain", () => this.#send());
    this.#child.stdout.on("error", () => undefined);
    this.#read(this.#child.stdout);
    this.#keepAlive(false);
  }

  get processId(): number | undefined {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /**
   * Asks. The octets of the question must stay as they are until the answer.
   *
   * @throws {SecurityMechanismError} what the library says, or `unavailable`.
   */
  ask(question: Question): Promise<Uint8Array> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    if (question.octets.length > this.#limits.mechanismMessageBytes) {
      return Promise.reject(new SecurityMechanismError("failed", "The message is too long"));
    }
    if (this.#waiting.length >= this.#limits.mechanismQuestionsCount) {
      return Promise.reject(new SecurityMechanismError("unavailable", "Too many questions wait for an answer"));
    }
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    this.#waiting.push({ question, resolve, reject });
    this.#send();
    return promise;
  }

  /** Ends the process, and with it all its contexts. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#finish("It was closed");
    this.#child.ref();
    this.#child.kill("SIGKILL");
    await this.#ended.promise;
  }

  #send(): void {
    const { stdin } = this.#child;
    stdin.cork();
    while (this.#waiting.length > 0 && !stdin.writableNeedDrain) {
      const [next] = this.#waiting;
      if (next === undefined) break;
      const isFull = this.#inFlightBytes + next.question.octets.length > this.#limits.mechanismInFlightBytes;
      if (isFull && this.#open.length > 0) break;
      this.#waiting.shift();
      if (this.#open.length === 0) this.#keepAlive(true);
      this.#open.push(next);
      this.#inFlightBytes += next.question.octets.length;
      stdin.write(encodeQuestionHead(next.question));
      if (next.question.octets.length > 0) stdin.write(next.question.octets);
    }
    stdin.uncork();
  }

  /** Into one buffer again and again where that can be, because V8 collects garbage for every few megabytes of fresh ones. */
  #read(stdout: Readable): void {
    const buffer = Buffer.from(new ArrayBuffer(readBytes));
    const taken = (length: number): boolean => {
      this.#take(buffer.subarray(0, length));
      return true;
    };
    const [socket] = sockets(stdout);
    const isHooked =
      provedDataPathHooks().userBuffer && socket !== undefined && readIntoUserBuffer(socket, buffer, taken);
    if (isHooked) stdout.resume();
    else stdout.on("data", (octets: Buffer) => this.#take(octets));
  }

  /** For the answer that comes next. A question that is answered has been read, so that its own memory is free. */
  #memoryOf(answerBytes: number): Uint8Array<ArrayBuffer> {
    const into = this.#open[0]?.question.into;
    return into !== undefined && into.length >= answerBytes
      ? into.subarray(0, answerBytes)
      : new Uint8Array(answerBytes);
  }

  #take(octets: Uint8Array): void {
    for (const event of this.#decoder.push(octets)) {
      const asked = this.#open.shift();
      if (event.kind !== "token" || asked === undefined) {
        this.#child.kill("SIGKILL");
        return;
      }
      this.#inFlightBytes -= asked.question.octets.length;
      const answer = decodeAnswer(event.token);
      if (answer instanceof Uint8Array) asked.resolve(answer);
      else asked.reject(new SecurityMechanismError(answer.fault, answer.message));
      if (this.#open.length === 0) this.#keepAlive(false);
      else this.#watch?.refresh();
    }
    this.#send();
  }

  #finish(reason: string): void {
    this.#end ??= new SecurityMechanismError("unavailable", reason);
    this.#keepAlive(false);
    for (const { reject } of [...this.#open.splice(0), ...this.#waiting.splice(0)]) reject(this.#end);
    if (this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) {
      this.#ended.resolve();
    }
  }

  /** While a question is open, this process lives, and the answer has to come in its time. */
  #keepAlive(isAsking: boolean): void {
    clearTimeout(this.#watch);
    this.#watch = undefined;
    if (isAsking) {
      this.#watch = setTimeout(() => {
        this.#finish("Its process does not answer");
        this.#child.kill("SIGKILL");
      }, this.#limits.mechanismAnswerMs);
    }
    const { stdin, stdout } = this.#child;
    for (const handle of [this.#child, ...sockets(stdin, stdout)]) {
      if (isAsking) handle.ref();
      else handle.unref();
    }
  }
}

const readBytes = 262_144;

/** What an answer has besides the message: whether it succeeded, and what its operation adds; and the mechanism's own. */
const frameBytes = 1_024;

const program = fileURLToPath(new URL(`process/main${extname(import.meta.filename)}`, import.meta.url));

/** The warning says that node:ffi is experimental, to someone who did not ask for it. */
const nodeArguments = [
  "--disable-warning=ExperimentalWarning",
  ...(extname(program) === ".ts" ? ["--conditions=source"] : []),
];

/** The streams of a process are sockets, whatever their types say. */
function sockets(...streams: readonly (Readable | Writable)[]): readonly Socket[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a pipe is a net.Socket (node:child_process, subprocess.stdin)
  return streams as unknown as readonly Socket[];
}
