import type { TlsMode } from "../model/index.ts";
import type { ModeFacts } from "../probes/dialogues.ts";
import type { Secured, ShownCertificate } from "../probes/secured.ts";

/** A certificate that a mode showed. */
export interface ShownLeaf {
  readonly mode: TlsMode;
  readonly secured: Secured;
  readonly leaf: ShownCertificate;
}

/** The leaf of each mode; that of the second only where it is another one. */
export function distinctLeaves(modes: Readonly<Partial<Record<TlsMode, ModeFacts>>>): readonly ShownLeaf[] {
  const leaves = shownLeaves(modes);
  return leaves.filter(
    ({ leaf }, at) => leaves.findIndex((other) => other.leaf.fingerprint === leaf.fingerprint) === at,
  );
}

export function shownLeaves(modes: Readonly<Partial<Record<TlsMode, ModeFacts>>>): readonly ShownLeaf[] {
  return (["explicit", "implicit"] as const).flatMap((mode) => {
    const secured = modes[mode]?.secured;
    if (secured?.kind !== "secured") return [];
    const [leaf] = secured.chain;
    return leaf === undefined ? [] : [{ mode, secured, leaf }];
  });
}

export const noCertificate = { untested: "no handshake came to its end" } as const;

export function day(date: Date): string {
  return Number.isNaN(date.getTime()) ? "unknown" : date.toISOString().slice(0, 10);
}
