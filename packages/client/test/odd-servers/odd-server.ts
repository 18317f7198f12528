import { connect, type Client, type ClientOptions } from "@sallyport/client";
import { isSallyportError } from "@sallyport/protocol";
import { makeTestIdentity, type TestIdentity } from "@sallyport/testing";
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import test from "node:test";
import { inspect } from "node:util";
import { bytesOf } from "../every-operation.ts";
import {
  type Handler,
  type ScriptedLogin,
  type ScriptedOptions,
  type ScriptedServer,
  startScriptedServer,
} from "../scripted-server.ts";

/** A server that is hostile or odd in one way, and what a client must make of it. */
export interface OddServer {
  /** Begins with the requirement; numbers in parentheses are curl's tests of the same quirk. */
  readonly name: string;
  /** By verb, and `GREETING`; what is not said is answered well. */
  readonly answers?: Readonly<Record<string, Handler>>;
  /** Default: no TLS, and the client is content with that. */
  readonly tls?: ScriptedOptions;
  readonly options?: ClientOptions;
  /** What is asked of the client; without it connecting is all. */
  readonly ask?: (scene: Scene) => Promise<unknown>;
  /** The code with which that must fail, and more that the error must say. */
  readonly fails?: string | RegExp | { readonly code: string; readonly [fact: string]: unknown };
  /** What it must give. */
  readonly gives?: unknown;
  /** Whether the control connection must be usable afterwards; `reconnects`, by another one. Default `goes on`. */
  readonly afterwards?: "goes on" | "reconnects";
  readonly after?: (scene: Scene) => void | Promise<void>;
}

export interface Scene {
  readonly client: Client;
  readonly server: ScriptedServer;
}

export const identity: TestIdentity = makeTestIdentity({ names: ["127.0.0.1", "localhost"] });
export const serverTls = { cert: identity.certificate, key: identity.key };

/** What a connection over TLS to such a server takes. */
export const explicit = {
  tls: { tls: serverTls },
  options: { security: "explicit", tls: { ca: identity.ca } },
} as const satisfies Partial<OddServer>;

/** Makes a test of each. No test takes longer than the deadline, whatever the server does. */
export function testOddServers(servers: readonly OddServer[]): void {
  for (const odd of servers) test(odd.name, { timeout: 2 * deadlineMs }, () => tryOddServer(odd));
}

/** Reads the file `file`. */
export async function textOf({ client }: Scene): Promise<string> {
  return (await bytesOf(await client.read("file"))).toString("latin1");
}

export async function namesOf({ client }: Scene, path = ""): Promise<readonly string[]> {
  return (await Array.fromAsync(client.list(path))).map(({ name }) => name);
}

/** Answers a transfer command by sending octets and then the completion. */
export function sends(
  octets: string | Buffer,
  { first = "150 coming", last = "226 done" }: { readonly first?: string; readonly last?: string } = {},
): Handler {
  return async (login) => {
    login.reply(first);
    await sendAll(login, octets);
    return last;
  };
}

export async function sendAll(login: ScriptedLogin, octets: string | Buffer): Promise<void> {
  const data = await login.data();
  await new Promise<void>((resolve) => {
    data.once("close", resolve);
    data.resume().end(octets, resolve);
  });
}

export const content = "content of a file\r\n";

export function pause(timeMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, timeMs));
}

/** Waits until the other side has ended its half, one way or the other. */
export async function ended(tcp: Socket): Promise<void> {
  if (tcp.destroyed || tcp.readableEnded) return;
  await new Promise((resolve) => tcp.resume().once("end", resolve).once("close", resolve));
}

const user = "alice-4711";
const password = "hush-84f2c";
const deadlineMs = 10_000;

async function tryOddServer(odd: OddServer): Promise<void> {
  await using server = await startScriptedServer(odd.answers, odd.tls);
  const transcript: string[] = [];
  const options: ClientOptions = {
    security: "plain",
    password,
    retry: { attempts: 0 },
    pool: { max: 1 },
    ...odd.options,
    onTranscript: ({ text }) => transcript.push(text),
  };
  const connecting = inTime("connecting", connect(`${user}@127.0.0.1:${server.port}`, options));
  if (odd.ask === undefined && odd.fails !== undefined) {
    noSecretIn(await failureOf(connecting, odd.fails));
  } else {
    await using client = await connecting;
    await useClient(odd, { client, server });
  }
  if (options.security !== "plain") {
    const said = server.heardInClear.filter((line) => line.includes(user) || line.includes(password));
    assert.deepEqual(said, [], "the name or the password was sent in clear");
  }
  noSecretIn(transcript);
}

async function useClient(odd: OddServer, scene: Scene): Promise<void> {
  const asked = inTime("asking", odd.ask?.(scene) ?? Promise.resolve());
  if (odd.fails === undefined) assert.deepEqual(await asked, odd.gives);
  else noSecretIn(await failureOf(asked, odd.fails));
  const { client, server } = scene;
  const reply = await inTime("going on", client.raw("NOOP"));
  assert.equal(reply.code, 200, "the connection is out of step");
  assert.equal(server.loginsCount, odd.afterwards === "reconnects" ? 2 : 1, "control connections");
  await odd.after?.(scene);
}

async function failureOf(asked: Promise<unknown>, fails: NonNullable<OddServer["fails"]>): Promise<unknown> {
  const outcome: unknown = await asked.then(
    (value) => assert.fail(`it gave ${inspect(value)}`),
    (error: unknown) => error,
  );
  assert.ok(isSallyportError(outcome), `no error of ours: ${inspect(outcome)}`);
  if (fails instanceof RegExp) assert.match(outcome.code, fails);
  else if (typeof fails === "string") assert.equal(outcome.code, fails, inspect(outcome));
  else {
    const { message } = outcome;
    assert.partialDeepStrictEqual({ ...Object.fromEntries(Object.entries(outcome)), message }, fails);
  }
  return outcome;
}

function noSecretIn(shown: unknown): void {
  assert.ok(!inspect(shown, { depth: 20, maxArrayLength: 1000 }).includes(password), "the password is shown");
}

async function inTime<T>(what: string, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new assert.AssertionError({ message: `${what} hangs` })), deadlineMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
