import type { Octets, ProtectionLevel, VirtualPath } from "@sallyport/protocol";
import type { TlsFacts } from "@sallyport/transport";

/** What every event about one control connection carries. */
interface OfConnection {
  /** Number of the control connection, counted from 1 in this process. */
  readonly connection: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Name of the account, once logged in. */
  readonly account?: string;
}

/** What events about deeds say besides: who could read them on the wire, and where the account's root lies. */
interface OfDeed {
  /** TLS of the control connection; absent in the clear. */
  readonly controlTls?: TlsFacts;
  /** Who the peer is by a security mechanism, which protects the control connection in the place of TLS. */
  readonly controlSecurity?: PeerSecurity;
  /** The account's home; paths of events are below it. */
  readonly home?: VirtualPath;
}

/** A security mechanism and the peer's name in it, such as `GSSAPI` and `alice@EXAMPLE.ORG`. */
export interface PeerSecurity {
  readonly mechanism: string;
  readonly principal: string;
  /** Whether the last command was encrypted (ENC), not only sealed. */
  readonly isPrivate: boolean;
}

/** One thing that happened; times are milliseconds since 1970. */
export type ServerEvent = { readonly atMs: number } & (
  | {
      readonly kind: "listener-bound";
      readonly tlsMode: "explicit" | "implicit";
      readonly address: string;
      readonly port: number;
    }
  | { readonly kind: "connection-refused"; readonly remoteAddress: string; readonly cause: string }
  | (OfConnection & {
      readonly kind: "connection-opened";
      readonly tlsMode: "explicit" | "implicit";
      readonly localAddress: string;
      readonly localPort: number;
    })
  | (OfConnection & { readonly kind: "tls-established"; readonly tls: TlsFacts })
  | (OfConnection & { readonly kind: "tls-failed"; readonly cause: string })
  /** A security mechanism with messages of its own, such as GSSAPI, knows who the peer is. */
  | (OfConnection & { readonly kind: "security-established"; readonly mechanism: string; readonly principal: string })
  | (OfConnection & { readonly kind: "security-failed"; readonly mechanism: string; readonly cause: string })
  /** Behaviour that no honest client shows, such as clear octets after AUTH. */
  | (OfConnection & { readonly kind: "attack-suspected"; readonly cause: string })
  | (OfConnection &
      OfDeed & {
        readonly kind: "login";
        readonly account: string;
        readonly user: string;
        readonly method: "password" | "client-certificate" | "kerberos" | "anonymous" | "open";
      })
  | (OfConnection & OfDeed & { readonly kind: "login-failed"; readonly user: string; readonly cause: string })
  /** An address (IPv6: its /64, `host`) is banned from now on. */
  | {
      readonly kind: "address-banned";
      readonly remoteAddress: string;
      readonly host: string;
      readonly until: Date;
      readonly cause: string;
    }
  /** A command that policy, permissions, quota or space forbid; `path` where its argument names one. */
  | (OfConnection & {
      readonly kind: "command-refused";
      readonly verb: string;
      readonly path?: VirtualPath;
      readonly replyCode: number;
      readonly cause: string;
    })
  /** One line of the protocol transcript, secrets masked. */
  | (OfConnection & { readonly kind: "command"; readonly line: Octets })
  | (OfConnection & { readonly kind: "reply"; readonly line: Octets })
  /** A data connection that was refused or failed: why, and what would help. */
  | (OfConnection & {
      readonly kind: "data-connection-failed";
      readonly verb: string;
      readonly replyCode: number;
      readonly cause: string;
      readonly fix: string;
    })
  | (OfConnection & OfDeed & TransferFacts & { readonly kind: "transfer" })
  /** The digest of a published upload that could not be computed while it was written; or why there is none. */
  | (OfConnection & {
      readonly kind: "upload-digested";
      /** That of {@link PublishedFacts}. */
      readonly id: string;
      readonly path: VirtualPath;
      readonly sha256?: string;
      readonly cause?: string;
    })
  /** A change that is not a transfer. */
  | (OfConnection &
      OfDeed & {
        readonly kind: "changed";
        readonly change:
          | "deleted"
          | "renamed"
          | "directory-made"
          | "directory-removed"
          | "attributes-set"
          | "linked"
          | "copied";
        readonly path: VirtualPath;
        readonly newPath?: VirtualPath;
      })
  /** A failure of ours; the peer was told the incident number alone. */
  | (OfConnection & { readonly kind: "internal-error"; readonly incident: string; readonly error: unknown })
  | (OfConnection & {
      readonly kind: "connection-closed";
      readonly cause: string;
      readonly durationMs: number;
    })
);

export interface TransferFacts {
  readonly verb: string;
  readonly direction: "upload" | "download" | "listing";
  readonly path: VirtualPath;
  /** Octets of the file, not of the wire. */
  readonly bytes: number;
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** For an upload: the file is whole and published under its name. */
  readonly complete: boolean;
  /** Why it is not complete. */
  readonly cause?: string;
  readonly type: "A" | "I";
  readonly protectionLevel: ProtectionLevel;
  /** TLS of the data connection. */
  readonly dataTls?: { readonly protocol: string; readonly suite: string; readonly resumed: boolean };
  readonly anonymous: boolean;
  /** Of a complete upload, where the observer asked for digests. */
  readonly published?: PublishedFacts;
}

/** What is known of a file that an upload has just published. */
export interface PublishedFacts {
  /** UUID of version 7 (RFC 9562 §5.7), which names this publication. */
  readonly id: string;
  /** Octets of the whole file, also where fewer were uploaded. */
  readonly sizeBytes: number;
  /** Whether there was a file of that name when the upload began; absent where that cannot be told. */
  readonly replaced?: boolean;
  /** Lower-case hex. Absent where octets of the file did not pass by: `upload-digested` brings it. */
  readonly sha256?: string;
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** An event as it is reported, before the connection adds when and where. */
export type ServerEventDetail = DistributiveOmit<
  Extract<ServerEvent, OfConnection>,
  "atMs" | "connection" | "remoteAddress" | "remotePort" | "account"
> & { readonly account?: string };

/** Hears what happens. It must not throw; if it does, the error is swallowed and the server goes on. */
export interface ServerObserver {
  onEvent(event: ServerEvent): void;
  /** Whether `command` and `reply` events are wanted; off by default, since they are many. */
  readonly transcript?: boolean;
  /** Asks for the digest of what uploads publish; none by default, for it costs. */
  readonly uploadDigest?: "SHA-256";
}
