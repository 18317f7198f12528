import type {
  Credentials,
  LimitValues,
  RepresentationType,
  SallyportError,
  TranscriptLine,
  UserPiPolicy,
} from "@sallyport/protocol";
import type { ClientTls, Dialer } from "@sallyport/transport";
import type { Compression } from "../compression/compression.ts";
import type { KnownServer } from "../profile/known-server.ts";
import type { PortRange } from "./data-task.ts";
import type { MessageSecurityPlan } from "./security-exchange.ts";
import type { TlsFallback } from "./tls-fallback.ts";

export interface ConnectionTarget {
  readonly host: string;
  readonly port: number;
}

export interface ConnectionOptions {
  readonly policy: UserPiPolicy;
  readonly credentials: Credentials;
  readonly limits: LimitValues;
  readonly dialer: Dialer;
  /** Whether the dialer goes by a proxy: the server's address is then unknown, and data goes to its name. */
  readonly proxied: boolean;
  /** TLS for this control connection and its data; absent with policy `plain`. */
  readonly security: ClientTls | undefined;
  /** What AUTH GSSAPI takes; absent, the policy does not have it. */
  readonly messageSecurity?: MessageSecurityPlan | undefined;
  readonly activePorts: PortRange | undefined;
  /** Told how transfers end; it may want them on another connection. */
  readonly fallback?: TlsFallback;
  /** Whether STAT goes ahead of a transfer that takes long, so that no box in between forgets the control connection. */
  readonly asksDuringTransfer: boolean;
  /** What is known of the server, shared by all control connections to it; absent, nothing is. */
  readonly known?: KnownServer;
  /** Decides which transfers are compressed; absent, none is. */
  readonly compression?: Compression | undefined;
  readonly onTranscript: ((line: TranscriptLine) => void) | undefined;
  /** Told of the first reply. */
  readonly onGreeting?: () => void;
  /** Asked once the protection stands, before anything is said in it; false closes the connection. */
  readonly mayLogIn?: () => boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface CommandOptions extends RequestOptions {
  /** The TYPE that the command is to be carried out in; absent, whichever was last. */
  readonly type?: RepresentationType;
}

export interface TransferWishes extends RequestOptions {
  /** Octets that will move, where that is known; whether to compress depends on it. */
  readonly sizeBytes?: number | undefined | Promise<number | undefined>;
  /**
   * Whether other files will follow: the next passive command goes out with this transfer command, to servers that are
   * known to take that. A transfer that is aborted then takes the control connection with it.
   */
  readonly preparesNext?: boolean;
}

/** How a control connection ended: `failure` is absent after QUIT. */
export interface ConnectionEnd {
  readonly failure: SallyportError | undefined;
  readonly reconnect: "now" | "later" | "never";
}
