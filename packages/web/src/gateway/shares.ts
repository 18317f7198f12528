import type { GatewayRefusal } from "./problem.ts";

export interface SharesOptions {
  readonly perHost: number;
  readonly count: number;
  /** What whoever asks for more is told. */
  readonly refusal: () => GatewayRefusal;
}

/** Counts what one address has at the same time, and all together, so that nobody takes what is for everybody. */
export class Shares {
  readonly #options: SharesOptions;
  readonly #perHost = new Map<string, number>();
  #count = 0;

  constructor(options: SharesOptions) {
    this.#options = options;
  }

  /** Counts one until it is disposed of. Throws the refusal where there is none left. */
  begin(host: string): Disposable {
    const { perHost, count, refusal } = this.#options;
    const ofHost = this.#perHost.get(host) ?? 0;
    if (ofHost >= perHost || this.#count >= count) throw refusal();
    this.#count++;
    this.#perHost.set(host, ofHost + 1);
    let isOver = false;
    return {
      [Symbol.dispose]: () => {
        if (!isOver) this.#end(host);
        isOver = true;
      },
    };
  }

  #end(host: string): void {
    this.#count--;
    const left = (this.#perHost.get(host) ?? 1) - 1;
    if (left > 0) this.#perHost.set(host, left);
    else this.#perHost.delete(host);
  }
}
