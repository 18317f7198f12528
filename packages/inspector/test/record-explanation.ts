import { writeFileSync } from "node:fs";
import { explain, type ExplainEvent } from "@sallyport/inspector";
import { makeTestIdentity, startScriptedPeer, type PeerScript } from "@sallyport/testing";

/**
 * Records the explanations that the golden pages are drawn from, out of real handshakes:
 * `node --conditions=source packages/inspector/test/record-explanation.ts`. Ports, times and field trees, which change
 * from run to run or are not drawn, are replaced.
 */
const identity = makeTestIdentity({ names: ["ftp.example.test", "localhost"] });
const tls = { key: identity.key, cert: identity.certificate, ALPNProtocols: ["ftp"] };

interface Recording {
  readonly script: PeerScript;
  readonly trusted: boolean;
}

const recordings: Readonly<Record<string, Recording>> = {
  sound: { script: { tls }, trusted: true },
  "tls12-unverified": { script: { tls: { ...tls, maxVersion: "TLSv1.2" } }, trusted: false },
  flawed: {
    script: {
      tls,
      greeting: "220-Willkommen \x1b[2J auf\r\n220-文件 ftp.example.test\r\n220 bereit\r\n",
      authReply: "534 Request denied for policy reasons.\r\n",
      clearOnImplicit: "220 this is no TLS\r\n",
    },
    trusted: true,
  },
  "small-hello": { script: { tls, helloBytesMax: 600 }, trusted: true },
};

for (const [name, { script, trusted }] of Object.entries(recordings)) {
  await using peer = await startScriptedPeer(script);
  const ports = { explicit: peer.explicitPort, implicit: peer.implicitPort };
  const events: ExplainEvent[] = [];
  for await (const event of explain("localhost", { ports, ...(trusted && { ca: identity.ca }) })) events.push(event);
  const lines = events.map((event, at) => JSON.stringify({ ...event, tree: [], atMs: at * 0.4 }));
  const text = lines.join("\n").replaceAll(String(ports.explicit), "2121").replaceAll(String(ports.implicit), "2990");
  writeFileSync(new URL(`golden/${name}.jsonl`, import.meta.url), `${text}\n`);
}
