import type { LimitValues, OptionalCapability } from "@sallyport/protocol";
import type { SecurityMechanism, ServerTlsProfile } from "@sallyport/transport";
import type {
  Account,
  Authenticator,
  DataResumption,
  TlsRequirement,
  UncleanDataClose,
} from "@sallyport/server/accounts";
import type { Storage, StorageSource } from "@sallyport/server/storage";
import type { ServerLedger } from "./ledger/ledger.ts";
import type { ServerObserver } from "./observer.ts";

/** One address and port that the server listens on. */
export interface ListenerOptions {
  readonly tlsMode: "explicit" | "implicit";
  /** A literal IPv4 or IPv6 address. */
  readonly address: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Where TLS is demanded; `login,data` by default. Implicit listeners demand it always. */
  readonly requireTls?: TlsRequirement;
  readonly dataResumption?: DataResumption;
  readonly uncleanDataClose?: UncleanDataClose;
  /** Kerberos on this listener, where the server has it: refused, possible (default), or the only way to log in. */
  readonly gssapi?: GssapiRequirement;
  /** Addresses whose PROXY protocol header is believed; from all others such a header is an error. */
  readonly proxyProtocolFrom?: readonly string[];
}

/** Whether AUTH GSSAPI is refused, possible, or the only way to log in. */
export type GssapiRequirement = "off" | "offer" | "require";

/** Kerberos by AUTH GSSAPI (RFC 2228 Appendix I), on explicit listeners and outside TLS. */
export interface GssapiOptions {
  readonly mechanism: SecurityMechanism;
  /**
   * Names of the accounts that a principal may log in as; a principal that is not in it has the account that the mechanism
   * maps it to, if any.
   */
  readonly principals?: ReadonlyMap<string, readonly string[]>;
  /** Whether its protection does where TLS is required, data at levels S and P included; default false. */
  readonly suffices?: boolean;
}

export interface FtpServerOptions {
  readonly listeners: readonly ListenerOptions[];
  /** Certificates and TLS policy. Absent: plain FTP alone, which every listener must then allow by `none`. */
  readonly tls?: ServerTlsProfile;
  /** Absent: AUTH GSSAPI is not known here. */
  readonly gssapi?: GssapiOptions;
  readonly authenticator: Authenticator;
  /** Shared by all logins, each confined to its account's home; or a storage for each login. */
  readonly storage: StorageSource | LoginStorage;
  readonly observer?: ServerObserver;
  /** Text of the greeting; says neither product nor version by default (S-29). */
  readonly greeting?: string;
  readonly passive?: PassiveOptions;
  readonly active?: ActiveOptions;
  readonly capabilities?: readonly Exclude<OptionalCapability, "fxp">[];
  /** Transfers between servers; off by default (RFC 2577 §3). */
  readonly fxp?: FxpOptions;
  /** SITE SYMLINK is refused unless this is on. */
  readonly allowSymbolicLinks?: boolean;
  readonly durable?: boolean;
  /** Names that HOST may ask for; absent: any name that the certificate or address serves. */
  readonly hosts?: readonly string[];
  readonly strictLineEnds?: boolean;
  readonly strictProtectionOrder?: boolean;
  readonly limits?: Partial<LimitValues>;
  /** Where counts, bans and quotas are kept; absent: in this process, for this server alone. */
  readonly ledger?: ServerLedger;
}

/** Makes the storage of one login, whose root is shown to it as `/`. */
export type LoginStorage = (account: Account, login: { readonly remoteAddress: string }) => Storage | Promise<Storage>;

/**
 * What may change while a server runs. `listeners` are those of the options, in their order, with other policies;
 * everything that is absent gets its default.
 */
export type Reconfiguration = Omit<FtpServerOptions, "storage" | "observer" | "ledger" | "durable">;

export interface PassiveOptions {
  /** Inclusive; absent: ports that the system chooses. */
  readonly ports?: { readonly first: number; readonly last: number };
  /** IPv4 address to name in reply 227 to peers outside this machine's own networks (NAT). */
  readonly masquerade?: string;
}

export interface ActiveOptions {
  /** Off answers 502 to PORT and EPRT. On by default. */
  readonly enabled?: boolean;
  /** Leave from the listener's port less one (20, 989) where the system allows it. */
  readonly wellKnownSourcePort?: boolean;
}

/** Transfers between this server and others (FXP), which a client steers over two control connections. */
export interface FxpOptions {
  /** Addresses of the other servers; data connections may go to them and come from them. */
  readonly addresses: readonly string[];
  /**
   * PEM of the authorities that vouch for the other servers, when this one takes the TLS client's role (SSCN, CPSV).
   * Absent: it never takes that role, since a peer that is not verified may be anybody.
   */
  readonly certificateAuthorities?: string;
}
