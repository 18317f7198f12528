import { createHash } from "node:crypto";

/** What came of one attempt to tell a receiver. */
export type Delivery =
  | { readonly kind: "delivered" }
  /** The receiver does not want this one; it is not tried again. */
  | { readonly kind: "refused"; readonly cause: string }
  /** `event`: others may fare better. `target`: the receiver is out of reach for all. */
  | {
      readonly kind: "failed";
      readonly scope: "event" | "target";
      readonly cause: string;
      /** The receiver's own wish. */
      readonly retryAfterMs?: number;
    };

/** A receiver. */
export interface Target extends AsyncDisposable {
  /** Tells targets apart without telling what they are, for a URL may hold a secret. */
  readonly key: string;
  /** For people: a program's path, a webhook's origin. */
  readonly label: string;
  /** Tells once. Never rejects; the signal ends it early. */
  deliver(given: { readonly id: string; readonly body: string }, signal: AbortSignal): Promise<Delivery>;
  /** Reads anew what lies in files, and returns what puts it to use; throws where that cannot be read. */
  reread(): () => void;
}

export function targetKey(target: string): string {
  return createHash("sha256").update(target).digest("hex").slice(0, 16);
}
