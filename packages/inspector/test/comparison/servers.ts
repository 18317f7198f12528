import { readFileSync } from "node:fs";
import {
  makeTestIdentity,
  needs,
  peerNeeds,
  startProftpd,
  startPureFtpd,
  startPyftpdlib,
  startTestServer,
  startVsftpd,
  type Peer,
} from "@sallyport/testing";
import type { Port } from "./view.ts";

/** A server that is scanned, while it runs. */
export interface ScannedServer extends AsyncDisposable {
  readonly ports: readonly Port[];
}

export interface ServerCase {
  readonly name: string;
  readonly skip: string | false;
  start(): Promise<ScannedServer>;
}

/** Every server in several configurations: as it is set up by its package or by default, stricter, and much laxer. */
export const servers: readonly ServerCase[] = [
  { name: "Sallyport", skip: needs("openssl"), start: () => own({}) },
  { name: "Sallyport, TLS 1.2 alone", skip: needs("openssl"), start: () => own({ maxVersion: "TLSv1.2" }) },
  {
    name: "Sallyport, RSA",
    skip: needs("openssl"),
    start: () => {
      const { certificate, key } = makeTestIdentity({ names: ["localhost", "127.0.0.1"], keyType: "rsa" });
      return own({ identities: [{ certificate, key }] });
    },
  },
  { name: "vsftpd", skip: needs(...peerNeeds.vsftpd), start: () => peer(startVsftpd()) },
  {
    name: "vsftpd, TLS 1.0 and every suite",
    skip: needs(...peerNeeds.vsftpd),
    start: () => peer(startVsftpd({ options: ["ssl_tlsv1=YES", "ssl_ciphers=ALL:@SECLEVEL=0"] })),
  },
  { name: "ProFTPD", skip: needs(...peerNeeds.proftpd), start: () => peer(startProftpd()) },
  {
    name: "ProFTPD, TLS 1.0 to 1.2 and every suite",
    skip: needs(...peerNeeds.proftpd),
    start: () => {
      const directives = ["TLSCipherSuite ALL:@SECLEVEL=0"];
      return peer(startProftpd({ tlsProtocols: ["TLSv1", "TLSv1.1", "TLSv1.2"], directives }), ["explicit"]);
    },
  },
  { name: "Pure-FTPd", skip: needs(...peerNeeds.pureFtpd), start: () => peer(startPureFtpd()) },
  {
    name: "Pure-FTPd, two suites",
    skip: needs(...peerNeeds.pureFtpd),
    start: () => peer(startPureFtpd({ options: ["-J", "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"] })),
  },
  { name: "pyftpdlib", skip: needs(...peerNeeds.pyftpdlib), start: () => peer(startPyftpdlib()) },
];

async function own(tls: NonNullable<Parameters<typeof startTestServer>[0]>["tls"] & object): Promise<ScannedServer> {
  const server = await startTestServer({ tls, limits: { connectionsPerHostCount: 1000 } });
  const { explicitPort, implicitPort, identity } = server;
  const base = { host: "127.0.0.1", ca: identity.ca };
  return {
    ports: [
      { ...base, port: explicitPort, mode: "explicit" },
      { ...base, port: implicitPort, mode: "implicit" },
    ],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** ProFTPD makes a prime for each handshake that it could make one for, which costs it up to a second. */
async function peer(
  starting: Promise<Peer>,
  modes: readonly Port["mode"][] = ["explicit", "implicit"],
): Promise<ScannedServer> {
  const started = await starting;
  const { host, explicitPort, implicitPort, caFile } = started;
  const base = { host, ca: readFileSync(caFile, "latin1") };
  const ports: readonly Port[] = [
    { ...base, port: explicitPort, mode: "explicit" },
    ...(implicitPort === undefined ? [] : [{ ...base, port: implicitPort, mode: "implicit" } as const]),
  ];
  return {
    ports: ports.filter(({ mode }) => modes.includes(mode)),
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}
