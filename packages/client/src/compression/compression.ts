import { type Features, isSallyportError, type Octets } from "@sallyport/protocol";
import type { TransferOrder, TransferOutcome } from "../connection/transfer-order.ts";
import type { Mover } from "../connection/data-task.ts";
import type { KnownServer } from "../profile/known-server.ts";
import { compressibility } from "./compressible-names.ts";
import { DeflatedData } from "./deflated-data.ts";

/** `on`: whatever is not compressed already; `auto`: only what is known to shrink, over a link that is slow. */
export type CompressionWish = "auto" | "on" | "off";

/** What is known of a transfer before it begins. */
export interface TransferCircumstances {
  readonly features: Features;
  /** The mode that the last transfer left. */
  readonly isDeflating: boolean;
  /** Octets that will move, where that is known. */
  readonly sizeBytes?: number | undefined;
}

type Run = (order: TransferOrder, mover: Mover) => Promise<TransferOutcome>;

/**
 * Decides which transfers go in MODE Z (draft-preston-ftpext-deflate), for all control connections to one server. A
 * server that refuses it, or sends damaged streams, is spoken to in MODE S from then on; kinds of files that do not
 * shrink are sent as they are.
 */
export class Compression {
  readonly #wish: "auto" | "on";
  readonly #known: Pick<KnownServer, "fact" | "learn">;
  /** Endings of names whose files did not shrink. */
  readonly #stubborn = new Set<string>();
  /** Octets in a millisecond of the last long transfer in MODE S. */
  #linkRate: number | undefined;

  constructor(wish: "auto" | "on", known: Pick<KnownServer, "fact" | "learn">) {
    this.#wish = wish;
    this.#known = known;
  }

  /** Carries out a transfer, compressed where that is worth it. */
  async transfer(order: TransferOrder, mover: Mover, found: TransferCircumstances, run: Run): Promise<TransferOutcome> {
    if (!this.wants(order, found)) return this.#plainly(order, mover, run);
    const deflated: { data?: DeflatedData } = {};
    const moveDeflated: Mover = (data, options) => mover((deflated.data = new DeflatedData(data)), options);
    try {
      const outcome = await run({ ...order, mode: "Z" }, moveDeflated);
      this.#note(order, outcome.bytes, deflated.data?.wireBytes ?? 0);
      return outcome;
    } catch (error) {
      if (!isOfCompression(error)) throw error;
      this.#known.learn("compression", "refused", error instanceof Error ? error.message : "");
      // Nothing has moved yet where MODE itself was refused.
      if (deflated.data !== undefined) throw error;
      return this.#plainly(order, mover, run);
    }
  }

  wants(order: TransferOrder, { features, isDeflating, sizeBytes }: TransferCircumstances): boolean {
    const { verb, argument, type, restartOffset = 0n } = order;
    const fact = this.#known.fact("compression");
    if (type !== "I" || restartOffset !== 0n || fact === "refused" || !offersModeZ(features)) return false;
    // A listing is small, or it is text: it comes as the connection stands.
    if (listings.has(verb)) return this.#wish === "on" || isDeflating;
    const isSmall = sizeBytes !== undefined && sizeBytes < smallBytes;
    if (isSmall) return isDeflating;
    const kind = compressibility(argument ?? ("" as Octets));
    if (kind.shrinks === false || this.#stubborn.has(kind.ending)) return false;
    if (this.#wish === "on") return true;
    const isWorth = fact === "worth" || (this.#linkRate !== undefined && this.#linkRate < slowBytesPerMs);
    return sizeBytes !== undefined && kind.shrinks === true && isWorth;
  }

  async #plainly(order: TransferOrder, mover: Mover, run: Run): Promise<TransferOutcome> {
    const beganMs = performance.now();
    const outcome = await run(order, mover);
    if (outcome.bytes >= tellingBytes) this.#linkRate = outcome.bytes / (performance.now() - beganMs);
    return outcome;
  }

  #note({ argument = "" as Octets }: TransferOrder, bytes: number, wireBytes: number): void {
    if (bytes < tellingBytes) return;
    if (wireBytes > bytes * poorRatio) this.#stubborn.add(compressibility(argument).ending);
    else this.#known.learn("compression", "worth", `${bytes} octets went as ${wireBytes}`);
  }
}

function offersModeZ(features: Features): boolean {
  return /(?:^|;)\s*Z\b/i.test(features.get("MODE") ?? "");
}

function isOfCompression(error: unknown): boolean {
  for (let cause = error; isSallyportError(cause); cause = cause.cause) {
    if (cause.code === "SALLYPORT_PARAMETER_REFUSED" || cause.code.startsWith("SALLYPORT_DEFLATE_")) return true;
  }
  return false;
}

const listings: ReadonlySet<string> = new Set(["LIST", "MLSD", "NLST"]);

/** Below it, changing the mode costs more than it saves. */
const smallBytes = 65_536;
/** From it on, rate and ratio tell something. */
const tellingBytes = 262_144;
/** Deflate does 40 to 100 MB a second on one core, and shrinks text to a third: at 8 MB a second it wins for sure. */
const slowBytesPerMs = 8_000;
const poorRatio = 0.9;
