import { type Client, type ClientOptions, connect, explainFailure, type FailureExplanation } from "@sallyport/client";
import type { Peer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { TestContext } from "node:test";

/** A failure that a real server is made to cause. */
export interface Provocation {
  /** Of the cause that must come first. */
  readonly cause: string;
  /** What the explanation must name as the server's setting; absent where none has a part in it. */
  readonly setting?: RegExp;
  /** What it must name as a help on this side. */
  readonly here?: RegExp;
  readonly options?: ClientOptions | ((peer: Peer) => ClientOptions | Promise<ClientOptions>);
  /** Default: the explicit one. */
  readonly port?: "implicitPort";
  readonly login?: string;
  /** Default: list. */
  readonly ask?: (client: Client, peer: Peer) => Promise<unknown>;
  /** Whether the failure goes away on the server whose settings are those that were named. */
  readonly vanishes?: boolean;
}

/** Servers of one product, with the settings that make things fail, and with those that explanations name. */
export interface Product {
  readonly name: string;
  readonly strict: () => Promise<Peer>;
  readonly mended?: () => Promise<Peer>;
  readonly provocations: readonly Provocation[];
}

/** Provokes one after the other, and looks at what is said of it. */
export async function provoke(t: TestContext, { name, strict, mended, provocations }: Product): Promise<void> {
  await using strictPeer = await strict();
  await using mendedPeer = await mended?.();
  for (const provocation of provocations) {
    // oxlint-disable-next-line no-await-in-loop -- connections are counted by the servers
    await t.test(`${provocation.cause}: ${provocation.setting?.source ?? "no setting of the server"}`, async () => {
      const failure = await attempt(strictPeer, provocation).then(
        () => assert.fail("nothing failed"),
        (error: unknown) => error,
      );
      assertExplained(explainFailure(failure), provocation, name, failure);
      if (provocation.vanishes === true && mendedPeer !== undefined) await attempt(mendedPeer, provocation);
    });
  }
}

async function attempt(peer: Peer, { options, port, login, ask = list }: Provocation): Promise<void> {
  const given = typeof options === "function" ? await options(peer) : (options ?? {});
  const url = `${login ?? `${peer.user}:${peer.password}`}@localhost:${peer[port ?? "explicitPort"]}`;
  await using client = await connect(url, {
    security: "explicit",
    retry: { attempts: 0 },
    timeouts: { dataOpen: 2_000 },
    ...given,
    ...(given.security === "plain" ? {} : { tls: { ca: await readFile(peer.caFile), ...given.tls } }),
  });
  await ask(client, peer);
}

async function list(client: Client): Promise<void> {
  await Array.fromAsync(client.list());
}

export async function put(client: Client, name: string, content = "content"): Promise<void> {
  await client.write(name, Buffer.from(content));
}

function assertExplained(
  explanation: FailureExplanation | undefined,
  { cause, setting, here }: Provocation,
  product: string,
  failure: unknown,
): void {
  const [first] = explanation?.causes ?? [];
  assert.equal(first?.id, cause, String(failure));
  assert.notEqual(explanation?.whatHappened, "");
  assert.equal(explanation?.summary, first.text);
  const settings = first.settings.map(({ setting: text }) => text);
  if (setting !== undefined) {
    assert.equal(explanation?.product?.name, product);
    assert.equal(settings.length, 1, "settings of other products");
    assert.match(settings[0] ?? "", setting);
  }
  if (here !== undefined) assert.match(`${first.here?.flag} ${first.here?.option}`, here);
}
