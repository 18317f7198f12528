import { TlsError, limits } from "@sallyport/protocol";

/** When a server last showed what it can do, in milliseconds since 1970 UTC. */
export interface RememberedHost {
  /** TLS after AUTH. */
  readonly explicitMs?: number;
  /** TLS from the first octet. */
  readonly implicitMs?: number;
  /** Data connections under PROT P. */
  readonly protectedDataMs?: number;
}

/** What was seen of a server just now. */
export type SecurityObservation =
  | "explicit-tls"
  | "implicit-tls"
  | "protected-data"
  /** AUTH was refused, or FEAT no longer names it. */
  | "auth-refused"
  /** The implicit port answered in clear. */
  | "implicit-clear"
  /** PROT P was refused, or data went in clear. */
  | "data-refused"
  /** The caller asks for plain FTP. */
  | "plain-wanted";

/** The memory after an observation; only what a server can do is remembered, never that it could not. */
export function rememberSecurity(
  memory: RememberedHost | undefined,
  observation: SecurityObservation,
  nowMs: number,
): RememberedHost | undefined {
  const field = rememberedAs[observation];
  return field === undefined ? memory : { ...memory, [field]: nowMs };
}

/**
 * The alarm that an observation is, given what the server once did: what vanishes may have been taken out by somebody
 * in between (S-03). A server keeps its reputation for `rememberedSecurityMs`, as with HSTS (RFC 6797). For
 * `plain-wanted` the caller may turn the error into a warning: somebody has asked for it.
 *
 * Returns TlsError SALLYPORT_TLS_DOWNGRADE, or undefined where nothing is lost.
 */
export function downgradeOf(
  server: string,
  memory: RememberedHost | undefined,
  observation: SecurityObservation,
  nowMs: number,
): TlsError | undefined {
  const lost = losses[observation]?.find(({ field }) => isFresh(memory?.[field], nowMs));
  const sinceMs = lost === undefined ? undefined : memory?.[lost.field];
  if (lost === undefined || sinceMs === undefined) return undefined;
  const day = new Date(sinceMs).toISOString().slice(0, 10);
  const message =
    `${server} ${lost.didThen} on ${day}, and ${saidNow[observation]} now. Somebody in between may have taken it out. ` +
    "If its owner confirms the change, forget what is remembered of the server.";
  return new TlsError("SALLYPORT_TLS_DOWNGRADE", message);
}

/** The TLS mode that worked last, which `auto` tries first; undefined for a server that is not known. */
export function lastTlsMode(memory: RememberedHost | undefined, nowMs: number): "explicit" | "implicit" | undefined {
  const explicitMs = isFresh(memory?.explicitMs, nowMs) ? (memory?.explicitMs ?? 0) : -Infinity;
  const implicitMs = isFresh(memory?.implicitMs, nowMs) ? (memory?.implicitMs ?? 0) : -Infinity;
  if (explicitMs === implicitMs) return explicitMs === -Infinity ? undefined : "explicit";
  return explicitMs > implicitMs ? "explicit" : "implicit";
}

type Field = keyof RememberedHost;

const rememberedAs: Readonly<Partial<Record<SecurityObservation, Field>>> = {
  "explicit-tls": "explicitMs",
  "implicit-tls": "implicitMs",
  "protected-data": "protectedDataMs",
};

const explicitLoss = { field: "explicitMs", didThen: "offered TLS by AUTH" } as const;
const implicitLoss = { field: "implicitMs", didThen: "spoke TLS from the first octet" } as const;
const dataLoss = { field: "protectedDataMs", didThen: "protected its data connections" } as const;

const losses: Readonly<
  Partial<Record<SecurityObservation, ReadonlyArray<{ readonly field: Field; readonly didThen: string }>>>
> = {
  "auth-refused": [explicitLoss],
  "implicit-clear": [implicitLoss],
  "data-refused": [dataLoss],
  "plain-wanted": [explicitLoss, implicitLoss],
};

const saidNow: Readonly<Partial<Record<SecurityObservation, string>>> = {
  "auth-refused": "does not offer it",
  "implicit-clear": "answers in clear",
  "data-refused": "refuses to",
  "plain-wanted": "is to be spoken to in clear",
};

/** A time in the future, of a clock that was wrong, counts as well: losing the memory would help the attacker. */
function isFresh(sinceMs: number | undefined, nowMs: number): boolean {
  return sinceMs !== undefined && nowMs - sinceMs <= limits.rememberedSecurityMs.value;
}
