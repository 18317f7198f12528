import { startPeer, type Peer, type PeerTuning } from "./peer.ts";

/** What each peer needs of the machine: `test(…, { skip: needs(...peerNeeds.vsftpd) }, …)`. */
export const peerNeeds = {
  vsftpd: ["linux", "root", "openssl", "vsftpd"],
  proftpd: ["linux", "openssl", "proftpd"],
  pureFtpd: ["linux", "root", "openssl", "pure-ftpd", "pure-pw"],
  pyftpdlib: ["linux", "openssl", "pyftpdlib"],
} as const satisfies Record<string, readonly string[]>;

interface Tunable {
  /** For a benchmark. */
  readonly tuning?: PeerTuning;
}

/** Starts vsftpd; `options` are lines of its configuration, for example `require_ssl_reuse=NO`. */
export function startVsftpd({ options = [], tuning }: { options?: readonly string[] } & Tunable = {}): Promise<Peer> {
  const environment = { PEER_OPTIONS: options.join(" ") };
  return startPeer({ starter: "vsftpd", hasImplicit: true, environment, ...given(tuning) });
}

/**
 * Starts ProFTPD; `tlsOptions` are those of its TLSOptions directive, for example `NoSessionReuseRequired`, `directives`
 * further lines of its configuration.
 */
export function startProftpd({
  tlsOptions = [],
  tlsProtocols = ["TLSv1.2", "TLSv1.3"],
  directives = [],
  tuning,
}: {
  tlsOptions?: readonly string[];
  tlsProtocols?: readonly string[];
  directives?: readonly string[];
} & Tunable = {}): Promise<Peer> {
  return startPeer({
    starter: "proftpd",
    hasImplicit: true,
    environment: {
      PEER_OPTIONS: tlsOptions.join(" "),
      TLS_PROTOCOLS: tlsProtocols.join(" "),
      PEER_DIRECTIVES: directives.join("\n"),
    },
    ...given(tuning),
  });
}

/** Starts Pure-FTPd, which has no implicit mode; what `tls` requires beyond offering it, and further flags. */
export function startPureFtpd({
  tls = "offered",
  options = [],
  tuning,
}: { tls?: "offered" | "login" | "data"; options?: readonly string[] } & Tunable = {}): Promise<Peer> {
  const modes = { offered: "1", login: "2", data: "3" } as const;
  const environment = { TLS_MODE: modes[tls], PEER_OPTIONS: options.join(" ") };
  return startPeer({ starter: "pure-ftpd", hasImplicit: false, environment, ...given(tuning) });
}

/** Starts pyftpdlib. curl cannot move data over TLS from it: it resets resumed data connections (1.5.7, measured). */
export function startPyftpdlib({
  tlsRequired = false,
  tuning,
}: { tlsRequired?: boolean } & Tunable = {}): Promise<Peer> {
  return startPeer({
    starter: "pyftpdlib",
    hasImplicit: true,
    environment: { TLS_REQUIRED: tlsRequired ? "1" : "0" },
    ...given(tuning),
  });
}

function given(tuning: PeerTuning | undefined): Tunable {
  return tuning === undefined ? {} : { tuning };
}
