import { scanners, type ScannerName } from "./scanners.ts";
import type { ServerCase } from "./servers.ts";
import { ownView, viewFields, type View, type ViewField } from "./view.ts";

/** What a scanner and our own inspection say of one field of one port. */
export interface ComparedField {
  readonly server: string;
  readonly mode: "explicit" | "implicit";
  readonly scanner: ScannerName;
  readonly field: ViewField;
  readonly ours: string;
  readonly theirs: string;
}

/** What a run of all scanners on all servers found. */
export interface ComparisonRun {
  readonly day: string;
  /** Of the packages that took part. */
  readonly versions: Readonly<Record<string, string>>;
  readonly compared: readonly ComparedField[];
}

/** Scans every port of a server, and lists each field that both look at. */
export async function compareServer(
  server: ServerCase,
  names: readonly ScannerName[],
): Promise<readonly ComparedField[]> {
  await using running = await server.start();
  const compared: ComparedField[] = [];
  for (const port of running.ports) {
    const ours = await ownView(port);
    for (const scanner of names) {
      const theirs = await scanners[scanner](port);
      const base = { server: server.name, mode: port.mode, scanner };
      compared.push(
        ...viewFields.flatMap((field) => fieldOf(field, ours, theirs)).map((both) => ({ ...base, ...both })),
      );
    }
  }
  return compared;
}

function fieldOf(
  field: ViewField,
  ours: View,
  theirs: View,
): readonly Pick<ComparedField, "field" | "ours" | "theirs">[] {
  const [own, other] = [ours[field], theirs[field]];
  return own === undefined || other === undefined ? [] : [{ field, ours: own, theirs: other }];
}

export function agrees({ ours, theirs }: ComparedField): boolean {
  return ours === theirs;
}

/** A difference that is known, and why it is there. */
export interface KnownDifference {
  readonly scanner: ScannerName;
  readonly what: string;
  readonly why: string;
  explains(compared: ComparedField): boolean;
}

const refusedTls12 = "Sallyport refuses TLS 1.2 without the extended master secret (RFC 7627)";

/** Why scanners say something else; whatever none of these explains is a fault of somebody's. */
export const knownDifferences: readonly KnownDifference[] = [
  {
    scanner: "sslscan",
    what: "TLS 1.2 of Sallyport is not seen",
    why: `${refusedTls12}, which the hellos that sslscan makes by itself do not offer.`,
    explains: lacksTls12OfSallyport,
  },
  {
    scanner: "nmap",
    what: "TLS 1.2 of Sallyport is not seen",
    why: `${refusedTls12}, which no hello of nmap offers.`,
    explains: lacksTls12OfSallyport,
  },
  {
    scanner: "testssl",
    what: "TLS 1.2 of Sallyport is not seen on the implicit port",
    why: `${refusedTls12}, which the hellos that testssl.sh makes by itself do not offer; behind AUTH TLS it uses openssl, which does.`,
    explains: lacksTls12OfSallyport,
  },
  {
    scanner: "testssl",
    what: "secure renegotiation of Sallyport is not seen on the implicit port",
    why: "It is a matter of TLS 1.2, which testssl.sh does not see there.",
    explains: ({ server, mode, field, ours }) =>
      server.startsWith("Sallyport") && mode === "implicit" && field === "secure renegotiation" && ours === "yes",
  },
  {
    scanner: "sslscan",
    what: "X25519MLKEM768 is not seen",
    why: "sslscan 2.0 knows no group that resists quantum computers; 2.2 does.",
    explains: ({ field, ours, theirs }) =>
      field === "groups of TLS 1.3" && without(ours, /MLKEM/).join() === listed(theirs).join(),
  },
  {
    scanner: "sslscan",
    what: "secure renegotiation of Sallyport with TLS 1.2 alone is not seen",
    why: "It is a matter of TLS 1.2, which sslscan does not see there.",
    explains: ({ server, field, ours }) =>
      server === "Sallyport, TLS 1.2 alone" && field === "secure renegotiation" && ours === "yes",
  },
  {
    scanner: "sslscan",
    what: "secure renegotiation is not seen",
    why: "sslscan asks in the newest version that both know. TLS 1.3 has no renegotiation; in TLS 1.2 the server offers the secure one.",
    explains: ({ field, ours, theirs }) => field === "secure renegotiation" && ours === "yes" && theirs === "no",
  },
];

function lacksTls12OfSallyport({ server, field, ours, theirs }: ComparedField): boolean {
  return (
    server.startsWith("Sallyport") &&
    field === "versions" &&
    without(ours, /^TLS 1\.2$/).join() === listed(theirs).join()
  );
}

function without(list: string, unwanted: RegExp): readonly string[] {
  return listed(list).filter((item) => !unwanted.test(item));
}

function listed(list: string): readonly string[] {
  return list === "" ? [] : list.split(", ");
}

export function explanationOf(compared: ComparedField): KnownDifference | undefined {
  return knownDifferences.find(({ scanner, explains }) => scanner === compared.scanner && explains(compared));
}
