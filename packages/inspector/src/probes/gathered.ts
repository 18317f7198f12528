import type { ConnectFailure } from "./control.ts";

/** A fact, or why there is none. */
export type Gathered<Value> = Known<Value> | Missing;

export interface Known<Value> {
  readonly kind: "known";
  readonly value: Value;
}

export interface Missing {
  readonly kind: "missing";
  /** The rest of a sentence: why nothing is known. */
  readonly reason: string;
}

export function known<Value>(value: Value): Known<Value> {
  return { kind: "known", value };
}

export function missing(reason: string): Missing {
  return { kind: "missing", reason };
}

/** What a probe found, or why its connection could not be made. */
export async function outcome<Value extends object>(
  probing: Promise<Value | ConnectFailure>,
): Promise<Gathered<Value>> {
  const found = await probing;
  return isConnectFailure(found) ? missing(found.text) : known(found);
}

function isConnectFailure(found: object): found is ConnectFailure {
  return "kind" in found && "text" in found && failures.has(String(found.kind));
}

const failures: ReadonlySet<string> = new Set<ConnectFailure["kind"]>([
  "refused",
  "unreachable",
  "budget",
  "turned-away",
]);
