import { makeTestIdentity } from "@sallyport/testing";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { BrokenConnection } from "./broken-connection.ts";
import { type BrokenGround, keep } from "./broken-ground.ts";

export interface BrokenServer extends AsyncDisposable {
  readonly explicitPort: number;
  readonly implicitPort: number;
  readonly directory: string;
  log(): string;
}

/**
 * An FTP server in both TLS modes with the hole that each attack looks for, so that no attack can pass by seeing
 * nothing. It works well enough for every attack to reach its hole, and for nothing else.
 */
export async function startBrokenServer(): Promise<BrokenServer> {
  const identity = makeTestIdentity({ names: ["localhost"] });
  const ground: BrokenGround = {
    directory: mkdtempSync(join(tmpdir(), "sallyport-broken-")),
    // Holes: every version and suite that OpenSSL still has, one set of ticket keys for everybody, no ALPN.
    context: createSecureContext({
      cert: identity.certificate,
      key: identity.key,
      minVersion: "TLSv1",
      ciphers: "ALL:COMPLEMENTOFALL:@SECLEVEL=0",
      ecdhCurve: "auto",
      dhparam: "auto",
    }),
    listeners: new Set(),
    sockets: new Set(),
    nextPort: 20_000 + Math.floor(Math.random() * 10_000),
    text: "",
  };
  const explicitPort = await listen(ground, false);
  const implicitPort = await listen(ground, true);
  return {
    explicitPort,
    implicitPort,
    directory: ground.directory,
    log: () => ground.text,
    [Symbol.asyncDispose]: async () => {
      for (const socket of ground.sockets) socket.destroy();
      for (const listener of ground.listeners) listener.close();
      rmSync(ground.directory, { recursive: true, force: true });
    },
  };
}

async function listen(ground: BrokenGround, implicit: boolean): Promise<number> {
  // Holes: no limit on connections, no deadline for anything.
  const server = createServer((socket) => void new BrokenConnection(keep(ground, socket), ground, implicit));
  ground.listeners.add(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
