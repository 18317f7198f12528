import type { ByteSink } from "@sallyport/transport";
import type { ServerResponse } from "node:http";
import type { RunningTransfer } from "../logins/transfers.ts";
import { GatewayRefusal } from "../problem.ts";

export interface AnswerSteps {
  /** What the headers say, where they do. */
  readonly total: number | undefined;
  /** Whether a player asks that may be gone to another place in a moment. */
  readonly startsGently: boolean;
  /** Sends the headers, once there is something: until then a refusal can be the answer. */
  begin(): void;
  /** Told how many octets there are with those that are about to go. */
  onBytes(bytes: number): void;
}

/**
 * Somebody who seeks in a film leaves most places at once, and by then the system would have taken megabytes: a player
 * gets enough to begin, and more at 50 Mbit/s until it has stayed for a second.
 */
const gentleStart = { atOnceBytes: 131_072, bytesInMs: 6_554, untilBytes: 8_388_608 };

/**
 * Writes as fast as the browser takes it: the server is read no faster, and nothing is copied on the way. A server may send
 * more than it said, and what stands behind the announced length would be taken for another answer (RFC 9112 §6.3): it is
 * left out, and `longer` ends the transfer.
 */
export class FileAnswer implements ByteSink {
  readonly #outgoing: ServerResponse;
  readonly #transfer: RunningTransfer;
  readonly #steps: AnswerSteps;
  readonly #startedAtMs = performance.now();
  #bytes = 0;

  constructor(outgoing: ServerResponse, transfer: RunningTransfer, steps: AnswerSteps) {
    this.#outgoing = outgoing;
    this.#transfer = transfer;
    this.#steps = steps;
  }

  write(whole: Uint8Array): undefined | Promise<void> {
    const outgoing = this.#outgoing;
    if (outgoing.destroyed) throw left();
    const piece = whole.subarray(0, Math.max(0, (this.#steps.total ?? Infinity) - this.#bytes));
    const isLonger = piece.length < whole.length;
    if (isLonger && piece.length === 0 && outgoing.headersSent) throw longer;
    if (!outgoing.headersSent) this.#steps.begin();
    this.#bytes += piece.length;
    this.#transfer.moved(this.#bytes);
    this.#steps.onBytes(this.#bytes);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let pause: NodeJS.Timeout | undefined;
    const onClose = (): void => {
      clearTimeout(pause);
      reject(left());
    };
    const onPaused = (): void => {
      outgoing.off("close", onClose);
      resolve();
    };
    outgoing.once("close", onClose);
    outgoing.write(piece, (error) => {
      const waitMs = this.#waitMs;
      if (!error && !isLonger && waitMs > 0) {
        pause = setTimeout(onPaused, waitMs);
        return;
      }
      outgoing.off("close", onClose);
      if (error) reject(left());
      else if (isLonger) reject(longer);
      else resolve();
    });
    return promise;
  }

  get #waitMs(): number {
    const { atOnceBytes, bytesInMs, untilBytes } = gentleStart;
    if (!this.#steps.startsGently || this.#bytes >= untilBytes) return 0;
    return this.#startedAtMs + (this.#bytes - atOnceBytes) / bytesInMs - performance.now();
  }

  end(): void {
    if (!this.#outgoing.headersSent) this.#steps.begin();
    this.#outgoing.end();
  }
}

/** The server sends on behind the end that it had told. */
export const longer = new Error("The file is longer than it was said to be");

function left(): GatewayRefusal {
  return new GatewayRefusal(400, "SALLYPORT_CANCELLED", "The browser broke the download off");
}
