import { startPeer, type Peer } from "./peer.ts";

/** What each peer needs of the machine: `test(…, { skip: needs(...peerNeeds.vsftpd) }, …)`. */
export const peerNeeds = {
  vsftpd: ["linux", "root", "openssl", "vsftpd"],
  proftpd: ["linux", "openssl", "proftpd"],
  pureFtpd: ["linux", "root", "openssl", "pure-ftpd", "pure-pw"],
  pyftpdlib: ["linux", "openssl", "pyftpdlib"],
} as const satisfies Record<string, readonly string[]>;

/** Starts vsftpd; `options` are lines of its configuration, for example `require_ssl_reuse=NO`. */
export function startVsftpd({ options = [] }: { options?: readonly string[] } = {}): Promise<Peer> {
  return startPeer({ starter: "vsftpd", hasImplicit: true, environment: { PEER_OPTIONS: options.join(" ") } });
}

/** Starts ProFTPD; `tlsOptions` are those of its TLSOptions directive, for example `NoSessionReuseRequired`. */
export function startProftpd({
  tlsOptions = [],
  tlsProtocols = ["TLSv1.2", "TLSv1.3"],
}: { tlsOptions?: readonly string[]; tlsProtocols?: readonly string[] } = {}): Promise<Peer> {
  return startPeer({
    starter: "proftpd",
    hasImplicit: true,
    environment: { PEER_OPTIONS: tlsOptions.join(" "), TLS_PROTOCOLS: tlsProtocols.join(" ") },
  });
}

/** Starts Pure-FTPd, which has no implicit mode; what `tls` requires beyond offering it. */
export function startPureFtpd({ tls = "offered" }: { tls?: "offered" | "login" | "data" } = {}): Promise<Peer> {
  const modes = { offered: "1", login: "2", data: "3" } as const;
  return startPeer({ starter: "pure-ftpd", hasImplicit: false, environment: { TLS_MODE: modes[tls] } });
}

/** Starts pyftpdlib. curl cannot move data over TLS from it: it resets resumed data connections (1.5.7, measured). */
export function startPyftpdlib({ tlsRequired = false }: { tlsRequired?: boolean } = {}): Promise<Peer> {
  return startPeer({
    starter: "pyftpdlib",
    hasImplicit: true,
    environment: { TLS_REQUIRED: tlsRequired ? "1" : "0" },
  });
}
