import type { HashAlgorithmName } from "./digest-argument.ts";
import { defaultFactSelection, type FactSelection } from "./facts.ts";
import { rootPath, type VirtualPath } from "./paths.ts";
import {
  defaultTransferParameters,
  type ProtectionLevel,
  type Restart,
  type TransferParameters,
} from "./transfer-parameters.ts";
import type { OptionalCapability } from "./verbs.ts";

/** Who the peer is, as far as the login went. */
export type LoginState<A> =
  | { readonly kind: "greeted" }
  | { readonly kind: "user-given"; readonly user: string }
  | { readonly kind: "logged-in"; readonly user: string; readonly account: A };

/**
 * How the control connection is protected. `exchanging`: AUTH named a mechanism with messages of its own, and ADAT
 * follows; `wrapped`: commands travel in MIC and ENC, replies in 631 and 632; `cleared`: CCC ended it.
 */
export type ControlProtection = "clear" | "tls" | "exchanging" | "wrapped" | "cleared";

/** A command that only its successor may use. */
export type PendingPair =
  | { readonly kind: "none" }
  | { readonly kind: "rename-from"; readonly path: VirtualPath }
  | { readonly kind: "copy-from"; readonly path: VirtualPath };

/** What the listener and the account demand, as the server-PI needs it. */
export interface ServerPiPolicy {
  readonly requireTlsForLogin: boolean;
  readonly requireTlsForData: boolean;
  /** Whether AUTH with a mechanism of messages (Kerberos) is refused, possible, or the only way to log in. */
  readonly messageSecurity: "off" | "offer" | "require";
  /** Whether messages of such a mechanism do where TLS is required. */
  readonly messagesSuffice: boolean;
  /** Answers 503 to PROT without PBSZ; otherwise 200, since clients skip PBSZ (D-16). */
  readonly strictProtectionOrder: boolean;
  readonly capabilities: ReadonlySet<OptionalCapability>;
  readonly commandQueueMax: number;
  readonly unknownVerbsMax: number;
}

/** Everything that the server-PI remembers of one control connection. Handlers return changes, never mutate. */
export interface ServerPiState<A> {
  readonly tlsMode: "explicit" | "implicit";
  readonly policy: ServerPiPolicy;
  readonly login: LoginState<A>;
  readonly control: ControlProtection;
  /** What PBSZ settled since the last AUTH; TLS has no buffer, 0. */
  readonly protectionBufferBytes: number | undefined;
  readonly protectionLevel: ProtectionLevel;
  readonly parameters: TransferParameters;
  /** Level of MODE Z, 0 to 9. */
  readonly deflateLevel: number;
  readonly restart: Restart;
  /** What ALLO announced for the next upload. */
  readonly announcedBytes: bigint | undefined;
  readonly pair: PendingPair;
  readonly workingDirectory: VirtualPath;
  readonly epsvAll: boolean;
  /** SSCN ON: take the TLS client role on data connections. */
  readonly secureClientMethod: boolean;
  readonly facts: FactSelection;
  readonly hashAlgorithm: HashAlgorithmName;
  readonly host: string | undefined;
  readonly clientName: string | undefined;
  /** Idle time that SITE IDLE asked for, in seconds; undefined: the limit. */
  readonly idleSeconds: number | undefined;
  readonly unknownVerbsCount: number;
  readonly securityExchangesCount: number;
  readonly loginFailuresCount: number;
}

/** Whether the control connection is protected as a login demands it. */
export function isProtectedForLogin(policy: ServerPiPolicy, control: ControlProtection): boolean {
  if (control === "wrapped" && policy.messagesSuffice) return true;
  return !policy.requireTlsForLogin || control === "tls";
}

/** The state right after the greeting. */
export function initialServerPiState<A>(tlsMode: "explicit" | "implicit", policy: ServerPiPolicy): ServerPiState<A> {
  const implicit = tlsMode === "implicit";
  return {
    tlsMode,
    policy,
    login: { kind: "greeted" },
    control: implicit ? "tls" : "clear",
    protectionBufferBytes: implicit ? 0 : undefined,
    protectionLevel: implicit ? "P" : "C",
    parameters: defaultTransferParameters,
    deflateLevel: 6,
    restart: { kind: "none" },
    announcedBytes: undefined,
    pair: { kind: "none" },
    workingDirectory: rootPath,
    epsvAll: false,
    secureClientMethod: false,
    facts: defaultFactSelection,
    hashAlgorithm: "SHA-256",
    host: undefined,
    clientName: undefined,
    idleSeconds: undefined,
    unknownVerbsCount: 0,
    securityExchangesCount: 0,
    loginFailuresCount: 0,
  };
}

/**
 * The state after an accepted AUTH: everything that the clear connection may have planted is forgotten (R-4217-04,
 * R-2228-03), counters of abuse are not.
 */
export function stateAfterAuth<A>(
  state: ServerPiState<A>,
  fresh: ServerPiState<A>,
  { control, protectionLevel }: Pick<ServerPiState<A>, "control" | "protectionLevel">,
): ServerPiState<A> {
  return { ...stateAfterRein(state, fresh), control, protectionBufferBytes: undefined, protectionLevel };
}

/** The state after REIN: as after the greeting (RFC 959 §4.1.1, RFC 4217 §11), counters of abuse kept. */
export function stateAfterRein<A>(state: ServerPiState<A>, fresh: ServerPiState<A>): ServerPiState<A> {
  return {
    ...fresh,
    unknownVerbsCount: state.unknownVerbsCount,
    securityExchangesCount: state.securityExchangesCount + 1,
    loginFailuresCount: state.loginFailuresCount,
  };
}
