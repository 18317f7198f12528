import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, peerNeeds, startPeer, startVsftpd, type Peer } from "@sallyport/testing";
import { departures } from "./report/schema.ts";
import { faultsOf, inspectPeer, isFault } from "./inspected.ts";

/** Inspects a server, applies every remedy that the report names for what settings can mend, and inspects again. */
export function testRemedies(server: keyof typeof servers): void {
  const { name, skip, product, faults, mended, start } = servers[server];
  test(`${name}: the faults it has are found, and vanish with the remedies that are named`, { skip }, async () => {
    await using poor = await start([]);
    const before = await inspectPeer(poor);
    assert.equal(before.product?.name, product);
    assert.deepEqual(faultsOf(before), faults);
    assert.deepEqual(departures(JSON.parse(JSON.stringify(before))), []);
    const remedies = before.findings.filter((finding) => mended.includes(finding.id) && isFault(finding));
    const texts = new Set(remedies.flatMap(({ fix }) => (fix === null ? [] : [fix.text])));
    await using better = await start([...texts]);
    const after = await inspectPeer(better, { only: mended });
    assert.deepEqual(faultsOf(after), [], JSON.stringify(after.findings.filter(isFault)));
    assert.ok(
      mended.every((id) => after.findings.some((finding) => finding.id === id && finding.status !== "not-tested")),
    );
  });
}

/**
 * Each server as its package or its own documents set it up: the faults that it is found to have, those of them that its
 * settings can mend, and how the remedies that a report names are given to it.
 */
const servers: Readonly<Record<"vsftpd" | "proftpd" | "pureFtpd", ServerCase>> = {
  vsftpd: {
    name: "vsftpd",
    skip: needs(...peerNeeds.vsftpd),
    product: "vsftpd",
    // D5: any ticket of the server opens any login's data connection, also where resumption is demanded.
    // D7: a data connection that ends before its TLS takes the control connection with it.
    faults: ["M5", "P1", "P3", "P4", "D5", "D7", "F2", "T4", "T9"],
    mended: ["M5", "P1", "P3", "F2", "T4"],
    start: (remedies) => startVsftpd({ options: remedies }),
  },
  proftpd: {
    name: "ProFTPD",
    skip: needs(...peerNeeds.proftpd),
    product: "ProFTPD",
    // F1: FEAT lists LANG, which gets 500.
    faults: ["P1", "P3", "P4", "D8", "F1", "T4", "T9"],
    mended: ["P1", "P3", "D8", "T4"],
    start: (remedies) =>
      startPeer({ starter: "proftpd", hasImplicit: true, environment: { PEER_DIRECTIVES: remedies.join("\n") } }),
  },
  pureFtpd: {
    name: "Pure-FTPd",
    skip: needs(...peerNeeds.pureFtpd),
    product: "Pure-FTPd",
    // M4: AUTH inside TLS gets 234, and no handshake follows.
    faults: ["M4", "P1", "P3", "D4", "D7", "T4", "T9"],
    mended: ["P1", "P3", "T4"],
    start: (remedies) =>
      startPeer({
        starter: "pure-ftpd",
        hasImplicit: false,
        environment: { PEER_OPTIONS: remedies.map(words).join(" ") },
      }),
  },
};

interface ServerCase {
  readonly name: string;
  readonly skip: string | false;
  readonly product: string;
  readonly faults: readonly string[];
  readonly mended: readonly string[];
  start(remedies: readonly string[]): Promise<Peer>;
}

/** Pure-FTPd's remedies name the letter of its command line in parentheses. */
function words(remedy: string): string {
  return /\((?<words>-[^)]*)\)/.exec(remedy)?.groups?.["words"] ?? "";
}
