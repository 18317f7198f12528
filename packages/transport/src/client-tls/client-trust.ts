import type { PeerCertificateFacts } from "./peer-certificate.ts";

/**
 * Whom a client trusts as its server. Without anything: the authorities of the system and of Node, for certificates that
 * name the host.
 *
 * What is given decides in this order: pins, what was remembered, `verify`, the authorities, the first use, `insecure`.
 */
export interface ClientTrust {
  /** PEM of authorities that take the place of those of system and Node. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /**
   * Keys or certificates of the server: `sha256/BASE64` over the public key (SPKI; curl's `sha256//` is taken as well),
   * or the SHA-256 of the certificate in 64 hex digits, with or without colons.
   *
   * The server's own certificate must match one of them, whatever the authorities say (as curl has it); and a match is
   * all that is asked, neither authority nor name nor dates (as WinSCP has it): a pin names the one server.
   */
  readonly pins?: readonly string[];
  /** Servers that no authority vouches for are trusted when first met, and must keep their key from then on. */
  readonly tofu?: TrustStore;
  /**
   * Decides instead of the authorities, whose objections are in `problems`. With `tofu` it is not asked about a key that
   * is remembered, and what it accepts against their objections is remembered.
   */
  readonly verify?: (certificate: PeerCertificateFacts) => boolean | Promise<boolean>;
  /** Trusts whatever answers; only pins and what was remembered still refuse. */
  readonly insecure?: boolean;
}

/** Remembers the keys of servers. */
export interface TrustStore {
  /** The pin of a server, `sha256/BASE64`; undefined where none is remembered. */
  find(hostAndPort: string): Promise<string | undefined>;
  /** Remembers the pin of a server that has none yet; rejects with SALLYPORT_PIN_CHANGED where it has another. */
  remember(hostAndPort: string, pin: string): Promise<void>;
}

/** What made a client trust its server; `nobody` where it was told not to ask. */
export type TrustedBy = "authorities" | "pin" | "remembered" | "first-use" | "verify" | "nobody";
