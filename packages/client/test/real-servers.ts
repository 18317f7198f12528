import { connect, type Client, type ClientOptions } from "@sallyport/client";
import {
  needs,
  type Peer,
  peerNeeds,
  startProftpd,
  startPureFtpd,
  startPyftpdlib,
  startTestServer,
  startVsftpd,
} from "@sallyport/testing";
import { readFile } from "node:fs/promises";

/** A server that runs, with the folder that it serves. */
export interface RealServer extends AsyncDisposable {
  readonly served: string;
  /** Undefined where the server has no such mode. */
  connect(security: "explicit" | "implicit", options?: ClientOptions): Promise<Client> | undefined;
}

/** Ours and those of others. vsftpd and ProFTPD refuse data connections that do not resume; the last two never resume. */
export const realServers = [
  { name: "Sallyport", start: startOurs, skip: false, resumption: "require" },
  { name: "vsftpd", start: () => startPeer(startVsftpd()), skip: needs(...peerNeeds.vsftpd), resumption: "require" },
  { name: "ProFTPD", start: () => startPeer(startProftpd()), skip: needs(...peerNeeds.proftpd), resumption: "require" },
  {
    name: "Pure-FTPd",
    start: () => startPeer(startPureFtpd()),
    skip: needs(...peerNeeds.pureFtpd),
    resumption: "prefer",
  },
  {
    name: "pyftpdlib",
    start: () => startPeer(startPyftpdlib()),
    skip: needs(...peerNeeds.pyftpdlib),
    resumption: "prefer",
  },
] as const;

/** Both modes in both versions of TLS. */
export const tlsModes = (["explicit", "implicit"] as const).flatMap((security) =>
  (["TLSv1.2", "TLSv1.3"] as const).map((maxVersion) => ({ security, maxVersion })),
);

async function startOurs(): Promise<RealServer> {
  const server = await startTestServer();
  return {
    served: server.directory,
    connect: (security, options = {}) =>
      connectTo(security === "implicit" ? server.implicitPort : server.explicitPort, security, {
        ...options,
        tls: { ca: server.identity.ca, ...options.tls },
      }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function startPeer(starting: Promise<Peer>): Promise<RealServer> {
  const peer = await starting;
  const ca = await readFile(peer.caFile);
  return {
    served: peer.home,
    connect: (security, options = {}) => {
      const port = security === "implicit" ? peer.implicitPort : peer.explicitPort;
      return port === undefined ? undefined : connectTo(port, security, { ...options, tls: { ca, ...options.tls } });
    },
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
}

function connectTo(port: number, security: "explicit" | "implicit", options: ClientOptions): Promise<Client> {
  return connect(`alice:secret@localhost:${port}`, { security, ...options });
}
