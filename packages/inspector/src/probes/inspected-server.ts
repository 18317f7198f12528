import type { SecureContext } from "node:tls";
import type { Capture } from "../capture/capture.ts";
import type { TlsMode } from "../model/index.ts";
import type { ConnectionBudget } from "./budget.ts";

/** The server that is inspected, and what every probe shares. */
export interface InspectedServer {
  /** As the person named it; the certificate has to be for this. */
  readonly host: string;
  /** The one address that every connection goes to, so that all findings are about one machine. */
  readonly address: string;
  /** Name servers to ask, instead of the system's: addresses, with a port where it is not 53. */
  readonly nameServers: readonly string[] | undefined;
  readonly ports: Readonly<Record<TlsMode, number | undefined>>;
  readonly credentials: { readonly user: string; readonly password: string } | undefined;
  /** Whether the password may go to a server that no authority vouches for. */
  readonly insecure: boolean;
  /** Whether checks may take connections without bound. */
  readonly isDeep: boolean;
  /** Whether a login as anonymous is tried. */
  readonly isAnonymousTried: boolean;
  /** Whether probes may make directories and files, which they remove again. */
  readonly isWritingAllowed: boolean;
  /** Whether an address of the host may be connected to. */
  readonly permits: (address: string) => boolean;
  readonly authorities: readonly string[];
  readonly context: SecureContext;
  /** Longest wait for each step. */
  readonly timeoutMs: number;
  readonly budget: ConnectionBudget;
  readonly signal: AbortSignal;
  /** Where everything that goes over the wire is kept. */
  readonly capture: Capture | undefined;
}
