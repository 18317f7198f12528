import type { LimitValues } from "@sallyport/protocol";
import type { GssapiRequirement, ListenerOptions } from "@sallyport/server";
import type { DataResumption, TlsRequirement, UncleanDataClose } from "@sallyport/server/accounts";
import type { IdentityFiles } from "./certificates/index.ts";
import type { NotifySettings } from "./events/index.ts";
import type { VisitorAreasOptions } from "./public/visitor-areas.ts";

/** How a service takes logins by Kerberos. */
export interface GssapiSettings {
  /** Absent: that of the environment or the system. */
  readonly keytab?: string;
  /** The only service to stand for; absent: every one in the keytab. */
  readonly service?: string;
  /** Map of principals to accounts. */
  readonly principalsFile?: string;
  /** For listeners that do not say. */
  readonly login: GssapiRequirement;
  /** Whether its protection does where TLS is required. */
  readonly suffices: boolean;
}

/** Everything that a service is told, checked in form but not against this machine. */
export interface ServiceSettings {
  /** The directory that is served. */
  readonly root: string;
  readonly statePath: string;
  readonly listen: readonly string[];
  readonly explicitPort: number | "off";
  readonly implicitPort: number | "off";
  readonly requireTls: TlsRequirement;
  readonly dataResumption: DataResumption;
  readonly uncleanDataClose: UncleanDataClose;
  readonly durable: boolean;
  readonly readOnly: boolean;
  readonly passivePorts?: { readonly first: number; readonly last: number };
  /** IPv4 address to name to peers outside the own networks. */
  readonly masquerade?: string;
  /** Lets anybody in as `anonymous`, to list and download. */
  readonly anonymous: boolean;
  /** Whether the control connection may go back to clear text after the login (CCC). */
  readonly ccc: boolean;
  /** Other servers between which and this one clients may start transfers (FXP); absent: it is off. */
  readonly fxp?: { readonly addresses: readonly string[]; readonly authoritiesFile?: string };
  /** Proxies whose PROXY protocol header is believed. */
  readonly proxyProtocolFrom: readonly string[];
  readonly minTlsVersion?: "TLSv1.2" | "TLSv1.3";
  readonly clientCertificates?: { readonly demand: "request" | "require"; readonly authoritiesFile: string };
  /** Kerberos by AUTH GSSAPI; absent: it is not known. */
  readonly gssapi?: GssapiSettings;
  /** Certificates given by file, for several host names; none: those of the state directory. */
  readonly identities: readonly IdentityFiles[];
  /** Processes that serve; absent: one, which does everything. */
  readonly workersCount?: number;
  /** Password checks at once; absent: as many as there are cores. */
  readonly passwordChecksMax?: number;
  readonly connectionsMax?: number;
  readonly connectionsPerHostMax?: number;
  /** Listeners with policies of their own, instead of `listen` and the two ports; absent: those. */
  readonly listeners?: readonly ListenerOptions[];
  /** Whether PORT and EPRT are answered; absent: they are. */
  readonly activeMode?: boolean;
  readonly allowSymbolicLinks?: boolean;
  /** Names that HOST may ask for; absent: all. */
  readonly hosts?: readonly string[];
  readonly strictLineEnds?: boolean;
  readonly strictProtectionOrder?: boolean;
  /** Text of reply 220; absent: one that says neither product nor version. */
  readonly greeting?: string;
  /** Limits that differ from the defaults of the table. */
  readonly limits?: Partial<LimitValues>;
  /** Serves the root read-only to all accounts, with a write area in memory for each address; absent: no strangers. */
  readonly visitors?: VisitorAreasOptions;
  /** Programs and webhooks that are told of events; absent: none. */
  readonly notify?: NotifySettings;
  /** Name of the user that root becomes. */
  readonly runAs?: string;
  readonly allowRoot: boolean;
  /** How long running transfers may go on after a request to stop. */
  readonly graceMs: number;
  readonly version: string;
}
