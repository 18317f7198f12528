import { limits } from "@sallyport/protocol";
import { connect, isIP, type Socket } from "node:net";

export type AddressFamily = 4 | 6;

/** Finds the addresses of one family of a host; may reject or find none. */
export type ResolveAddresses = (host: string, family: AddressFamily) => Promise<readonly string[]>;

export interface AddressRaceTarget {
  readonly host: string;
  readonly port: number;
  readonly localAddress?: string;
}

/** How a race was lost: what the name service said, or what each attempt came to. */
export interface AddressRaceLoss {
  readonly lookups: readonly unknown[];
  readonly attempts: readonly Error[];
}

/**
 * Connects to whichever address of a host answers first (RFC 8305): both families are looked up side by side, IPv4 gives
 * IPv6 a short lead, families take turns, and another attempt starts whenever one fails or has not succeeded in time.
 * Attempts under way go on beside it, unlike those of Node's `autoSelectFamily`, which gives each one up.
 *
 * Exactly one of `onWon` and `onLost` is called, once, and neither after disposal.
 */
export class AddressRace implements Disposable {
  readonly #target: AddressRaceTarget;
  readonly #onWon: (socket: Socket) => void;
  readonly #onLost: (loss: AddressRaceLoss) => void;
  readonly #waiting: Record<AddressFamily, string[]> = { 4: [], 6: [] };
  readonly #running = new Set<Socket>();
  readonly #lookupFailures: unknown[] = [];
  readonly #attemptFailures: Error[] = [];
  readonly #unresolved = new Set<AddressFamily>();
  #next: AddressFamily = 6;
  #started = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(
    target: AddressRaceTarget,
    resolve: ResolveAddresses,
    told: { readonly onWon: (socket: Socket) => void; readonly onLost: (loss: AddressRaceLoss) => void },
  ) {
    this.#target = target;
    this.#onWon = told.onWon;
    this.#onLost = told.onLost;
    const family = isIP(target.host);
    if (family === 4 || family === 6) {
      this.#waiting[family].push(target.host);
      queueMicrotask(() => this.#advance());
    } else for (const each of this.#families()) void this.#lookUp(each, resolve);
  }

  /** Gives everything up that is under way. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    for (const socket of this.#running) socket.destroy();
    this.#running.clear();
  }

  #families(): readonly AddressFamily[] {
    const local = isIP(this.#target.localAddress ?? "");
    return local === 4 || local === 6 ? [local] : [6, 4];
  }

  async #lookUp(family: AddressFamily, resolve: ResolveAddresses): Promise<void> {
    this.#unresolved.add(family);
    try {
      this.#waiting[family].push(...(await resolve(this.#target.host, family)));
    } catch (error) {
      this.#lookupFailures.push(error);
    }
    this.#unresolved.delete(family);
    if (this.#isOver) return;
    const isFirst = this.#started === 0;
    if (isFirst && family === 4 && this.#unresolved.has(6)) this.#advanceIn(limits.resolutionDelayMs.value);
    // While an attempt has its time, what was found waits.
    else if (isFirst || this.#timer === undefined) this.#advance();
  }

  #advanceIn(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#advance(), delayMs);
  }

  #advance(): void {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const address = this.#started < limits.dialAttemptsCount.value ? this.#takeAddress() : undefined;
    if (address !== undefined) {
      this.#attempt(address);
      this.#advanceIn(limits.dialAttemptDelayMs.value);
    } else if (this.#running.size === 0 && this.#unresolved.size === 0) {
      this[Symbol.dispose]();
      this.#onLost({ lookups: this.#lookupFailures, attempts: this.#attemptFailures });
    }
  }

  #takeAddress(): string | undefined {
    const preferred = this.#waiting[this.#next].length > 0 ? this.#next : otherFamily(this.#next);
    const address = this.#waiting[preferred].shift();
    if (address !== undefined) this.#next = otherFamily(preferred);
    return address;
  }

  #attempt(address: string): void {
    this.#started += 1;
    const { port, localAddress } = this.#target;
    const socket = connect({
      host: address,
      port,
      ...(localAddress !== undefined && { localAddress }),
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay,
      autoSelectFamily: false,
    });
    socket.pause();
    this.#running.add(socket);
    const onError = (error: Error): void => {
      this.#running.delete(socket);
      this.#attemptFailures.push(error);
      this.#advance();
    };
    socket.once("error", onError).once("connect", () => {
      socket.off("error", onError);
      this.#running.delete(socket);
      this[Symbol.dispose]();
      this.#onWon(socket);
    });
  }
}

/** Long enough for a quiet control connection, short enough for the tables of most NAT devices. */
const keepAliveInitialDelay = 60_000;

function otherFamily(family: AddressFamily): AddressFamily {
  return family === 4 ? 6 : 4;
}
