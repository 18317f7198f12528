import { ByteThrottle } from "@sallyport/transport";
import type { Account } from "@sallyport/server/accounts";

/** Holds each account to its rates: all its transfers in one direction share one throttle. */
export class AccountRates {
  readonly #throttles = new Map<string, ByteThrottle>();

  /** What a transfer's options need of the account's rate; nothing where it has none. */
  limit(account: Account, direction: "upload" | "download"): { readonly throttle?: ByteThrottle } {
    const rate = direction === "upload" ? account.uploadBytesPerSecond : account.downloadBytesPerSecond;
    if (rate === undefined) return {};
    const key = `${direction} ${account.name}`;
    const known = this.#throttles.get(key);
    if (known?.bytesPerSecond === rate) return { throttle: known };
    const throttle = new ByteThrottle(rate);
    this.#throttles.set(key, throttle);
    return { throttle };
  }
}
