import { connect, type Client, type ClientOptions } from "@sallyport/client";
import { type DelayProxy, type TestServer } from "@sallyport/testing";
import { directDialer, type Dialer } from "@sallyport/transport";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A folder that goes with the test. */
export async function localFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-client-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Connects to a server of ours, through a proxy where one is given; attempts follow each other at once. */
export function connectTo(server: TestServer, options: ClientOptions = {}, proxy?: DelayProxy): Promise<Client> {
  return connect(`ftpes://alice:secret@localhost:${server.explicitPort}`, {
    ...options,
    tls: { ca: server.identity.ca, ...options.tls },
    retry: { firstDelayMs: 1, ...options.retry },
    ...(proxy && { proxy: dialerThrough(proxy) }),
  });
}

/** Every connection, for data too, goes through the proxy. */
export function dialerThrough(proxy: DelayProxy): Dialer {
  const direct = directDialer();
  return {
    dial: async ({ port }, options) => direct.dial({ host: "127.0.0.1", port: await proxy.portTo(port) }, options),
  };
}

export function connectPlain(port: number, options: ClientOptions = {}): Promise<Client> {
  const retry = { attempts: 1, firstDelayMs: 1 };
  return connect(`alice@127.0.0.1:${port}`, { security: "plain", password: "secret", retry, ...options });
}
