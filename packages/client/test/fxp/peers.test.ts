import { type Client, connect, type FxpRoute, type FxpWishes } from "@sallyport/client";
import {
  needs,
  type Peer,
  peerNeeds,
  startProftpd,
  startPureFtpd,
  startTestServer,
  startVsftpd,
} from "@sallyport/testing";
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { content, identity } from "./scene.ts";

/** ProFTPD has SSCN, vsftpd and Pure-FTPd have nothing of the kind; all of them let data go to and come from others. */
type Name = "ours" | "proftpd" | "strict" | "vsftpd" | "pure";

interface Place {
  readonly client: Client;
  readonly home: string;
}

const skip = needs(...new Set([...peerNeeds.proftpd, ...peerNeeds.vsftpd, ...peerNeeds.pureFtpd]));
const places = new Map<Name, Place>();
const stack = new AsyncDisposableStack();

async function open(name: Name, { explicitPort, caFile, home }: Pick<Peer, "explicitPort" | "caFile" | "home">) {
  const client = await connect(`ftpes://alice:secret@127.0.0.1:${explicitPort}`, {
    retry: { attempts: 0 },
    tls: { ca: await readFile(caFile) },
  });
  stack.use(client);
  places.set(name, { client, home });
}

describe("copies between servers of several makers", { skip }, () => {
  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), "sallyport-fxp-"));
    stack.defer(() => rm(folder, { recursive: true }));
    const [vsftpd, pure, strict] = await Promise.all([
      startVsftpd({ options: ["require_ssl_reuse=NO", "pasv_promiscuous=YES", "port_promiscuous=YES"] }),
      startPureFtpd(),
      startProftpd(),
    ]);
    for (const peer of [vsftpd, pure, strict]) stack.use(peer);
    const known = join(folder, "known.pem");
    const authorities = async (peers: readonly Peer[]): Promise<string> =>
      [identity.ca, ...(await Promise.all(peers.map(({ caFile }) => readFile(caFile, "latin1"))))].join("\n");
    await writeFile(known, await authorities([vsftpd, pure]));
    const proftpd = stack.use(
      await startProftpd({
        tlsOptions: ["NoSessionReuseRequired"],
        directives: [`TLSCACertificateFile ${known}`],
      }),
    );
    const fxp = {
      addresses: ["127.0.0.1"],
      certificateAuthorities: await authorities([vsftpd, pure, proftpd, strict]),
    };
    const ours = stack.use(await startTestServer({ fxp }));
    await open("ours", { explicitPort: ours.explicitPort, caFile: identity.caFile, home: ours.directory });
    for (const [name, peer] of [
      ["vsftpd", vsftpd],
      ["pure", pure],
      ["strict", strict],
      ["proftpd", proftpd],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- a handful
      await open(name, peer);
    }
    for (const { home } of places.values()) await writeFile(join(home, "source.bin"), content);
  });
  after(() => stack.disposeAsync());

  const direct = (secure: Extract<FxpRoute, { kind: "direct" }>["secure"]): FxpRoute => ({
    kind: "direct",
    listener: "to",
    secure,
  });

  const protectedPairs: readonly (readonly [from: Name, to: Name, client: "from" | "to", by: "SSCN" | "CPSV"])[] = [
    ["proftpd", "ours", "from", "SSCN"],
    ["ours", "proftpd", "from", "SSCN"],
    ["vsftpd", "ours", "to", "CPSV"],
    ["ours", "vsftpd", "from", "SSCN"],
    ["pure", "ours", "to", "CPSV"],
    ["ours", "pure", "from", "SSCN"],
    ["pure", "proftpd", "to", "SSCN"],
  ];
  for (const [from, to, client, by] of protectedPairs) {
    it(`R-FXP-01 R-FXP-02 ${from} to ${to} directly, under TLS by ${by} of the ${client} side`, async () => {
      assert.deepEqual(await copy(from, to), direct({ client, by }));
    });
  }

  const relayedPairs: readonly (readonly [from: Name, to: Name, because: RegExp])[] = [
    ["vsftpd", "pure", /^Neither server offers SSCN or CPSV/],
    // Demands resumption of the client's TLS, which another server does not have.
    ["ours", "strict", /^(?:Source|Target): /],
    // Knows no authority, and dies of that (1.3.8, measured).
    ["strict", "vsftpd", /^(?:Source|Target): /],
  ];
  for (const [from, to, because] of relayedPairs) {
    it(`R-4217-43 ${from} to ${to} through here, since they do not protect it`, async () => {
      const route = await copy(from, to);
      assert.equal(route.kind, "relay");
      assert.match(String(route.kind === "relay" && route.because), because);
    });
  }

  it("R-CLI-05 ProFTPD to vsftpd, one time in two not to its end: whole, whichever way", async () => {
    const { kind } = await copy("proftpd", "vsftpd");
    assert.match(kind, /^(?:direct|relay)$/);
  });

  it("R-4217-43 vsftpd to Pure-FTPd in clear, where that is permitted", async () => {
    assert.deepEqual(await copy("vsftpd", "pure", { mode: "direct", clear: true }), direct(undefined));
  });
});

async function copy(from: Name, to: Name, wishes: FxpWishes = {}): Promise<FxpRoute> {
  const [source, target] = [places.get(from), places.get(to)];
  assert.ok(source && target);
  const name = `from-${from}.bin`;
  const { route } = await source.client.fxp("source.bin", target.client, name, wishes);
  assert.deepEqual(await readFile(join(target.home, name)), content);
  const parts = (await readdir(target.home)).filter((one) => one.includes("sallyport-part"));
  assert.deepEqual(parts, [], "a part stays");
  await rm(join(target.home, name));
  return route;
}
