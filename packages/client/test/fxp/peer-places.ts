import { type Client, connect, type FxpRoute, type FxpWishes } from "@sallyport/client";
import { type Peer, startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { content, fxpOptions, identity } from "./scene.ts";

/** Servers of several makers with a client of each, and a file on each. */
export class PeerPlaces implements AsyncDisposable {
  readonly #places = new Map<string, { readonly client: Client; readonly home: string }>();
  readonly #stack = new AsyncDisposableStack();

  async add(name: string, peer: Peer): Promise<void> {
    this.#stack.use(peer);
    await this.#open(name, { ...peer, ca: await readFile(peer.caFile, "latin1") });
  }

  /** One of ours that trusts the authorities of others. */
  async addOurs(authorities: string): Promise<void> {
    const fxp = { ...fxpOptions, certificateAuthorities: authorities };
    const server = this.#stack.use(await startTestServer({ fxp }));
    await this.#open("ours", { ...server, home: server.directory, ca: identity.ca });
  }

  /** Copies a file from one to the other, looks whether it is the same, and removes it. */
  async copy(from: string, to: string, wishes: FxpWishes = {}): Promise<FxpRoute> {
    const [source, target] = [this.#places.get(from), this.#places.get(to)];
    assert.ok(source && target);
    const name = `from-${from}.bin`;
    const { route } = await source.client.fxp("source.bin", target.client, name, wishes);
    assert.deepEqual(await readFile(join(target.home, name)), content);
    const parts = (await readdir(target.home)).filter((one) => one.includes("sallyport-part"));
    assert.deepEqual(parts, [], "a part stays");
    await rm(join(target.home, name));
    assert.ok(route);
    return route;
  }

  async #open(
    name: string,
    { explicitPort, ca, home }: { readonly explicitPort: number; readonly ca: string; readonly home: string },
  ): Promise<void> {
    const client = await connect(`ftpes://alice:secret@127.0.0.1:${explicitPort}`, {
      retry: { attempts: 0 },
      tls: { ca },
    });
    this.#stack.use(client);
    await writeFile(join(home, "source.bin"), content);
    this.#places.set(name, { client, home });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** What vouches for our own servers and for those of others. */
export async function authoritiesOf(peers: readonly Peer[]): Promise<string> {
  return [identity.ca, ...(await Promise.all(peers.map(({ caFile }) => readFile(caFile, "latin1"))))].join("\n");
}
