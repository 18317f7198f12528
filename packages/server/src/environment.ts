import type { LimitValues } from "@sallyport/protocol";
import type { PassiveListenerPool, ServerTlsProfile } from "@sallyport/transport";
import type { Account, Authenticator, DataResumption, UncleanDataClose } from "@sallyport/server/accounts";
import type { OpenedLogin, PiState } from "./login/login-state.ts";
import type { ControlView } from "./connection/control-view.ts";
import type { ServerLedger } from "./ledger/ledger.ts";
import type { ServerEvent, ServerObserver } from "./observer.ts";
import type { FtpServerOptions, GssapiOptions, ListenerOptions } from "./options.ts";
import type { Turnstile } from "./digest/turnstile.ts";
import type { UploadDigests } from "./transfer/upload-digest.ts";

/** What all connections of one server share. */
export interface ServerEnvironment {
  readonly options: FtpServerOptions;
  readonly limits: LimitValues;
  readonly greeting: string;
  readonly tls: ServerTlsProfile | undefined;
  readonly gssapi: GssapiOptions | undefined;
  readonly authenticator: Authenticator;
  readonly ledger: ServerLedger;
  readonly observer: ServerObserver | undefined;
  /** Reports an event; a throwing observer is ignored. */
  emit(event: ServerEvent): void;
  readonly passivePorts: PassiveListenerPool;
  readonly digests: Turnstile;
  readonly uploadDigests: UploadDigests;
  /** The state of a connection right after the greeting. */
  initialState(listener: ListenerOptions): PiState;
  /** The listener's policy, tightened or loosened by the account's own. */
  policyFor(listener: ListenerOptions, account: Account): PiState["policy"];
  dataPolicyFor(listener: ListenerOptions, account: Account): DataPolicy;
  /** Opens the storage of a login: its home as root, within quota and permissions. */
  openLogin(account: Account, from: { readonly remoteAddress: string }): Promise<OpenedLogin>;
  /** The IPv4 address for reply 227. */
  advertisedAddress(control: ControlView): string;
}

export interface DataPolicy {
  readonly resumption: DataResumption;
  readonly uncleanClose: UncleanDataClose;
}
