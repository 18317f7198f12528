import type * as tls from "node:tls";
import type { HelloSize } from "./handshake.ts";

/** Where one mode is probed, and how far it is trusted. */
export interface ProbeTarget {
  readonly host: string;
  readonly port: number;
  readonly insecure: boolean;
  readonly contextFor: (hello: HelloSize) => tls.SecureContext;
  readonly credentials?: LoginCredentials;
  /** Whether it logs in in clear where there is no TLS, under a made-up name. */
  readonly isWilling?: boolean;
}

export interface LoginCredentials {
  readonly user: string;
  readonly password: string;
}
