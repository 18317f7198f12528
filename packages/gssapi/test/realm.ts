import { gssapiMechanism, type GssapiMechanism, type GssapiOptions } from "@sallyport/gssapi";
import { type Kdc, kdcNeeds, needs } from "@sallyport/testing";
import type { SecurityContext, SecurityContextFacts, SecurityMechanismFault } from "@sallyport/transport";
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";

export const realmSkip = needs(...kdcNeeds);

/** The mechanism as a server or client of the realm has it, with the tickets of alice if nothing else is said. */
export function mechanismIn(kdc: Kdc, options: GssapiOptions = {}): GssapiMechanism {
  const { configFile, keytab, environment } = kdc;
  return gssapiMechanism({
    configFile,
    keytab,
    credentialCache: `${kdc.directory}/alice.tickets`,
    environment: { KRB5RCACHEDIR: environment["KRB5RCACHEDIR"] ?? kdc.directory },
    ...options,
  });
}

export interface Pair extends AsyncDisposable {
  readonly client: SecurityContext;
  readonly server: SecurityContext;
  readonly clientFacts: SecurityContextFacts;
  readonly serverFacts: SecurityContextFacts;
  /** The first token, with which everything begins. */
  readonly opening: Uint8Array;
}

/** Both ends of a finished exchange. */
export async function pairOf(
  clients: GssapiMechanism,
  servers: GssapiMechanism = clients,
  target = "ftp@localhost",
): Promise<Pair> {
  const client = await clients.initiate(target);
  const server = await servers.accept();
  const { token: opening, facts: early } = await client.step(undefined);
  assert.ok(opening !== undefined && early === undefined);
  const { token, facts: serverFacts } = await server.step(opening);
  assert.ok(token !== undefined && serverFacts !== undefined);
  const { token: rest, facts: clientFacts } = await client.step(token);
  assert.ok(rest === undefined && clientFacts !== undefined);
  const dispose = async (): Promise<void> => {
    await Promise.all([client[Symbol.asyncDispose](), server[Symbol.asyncDispose]()]);
  };
  return { client, server, clientFacts, serverFacts, opening, [Symbol.asyncDispose]: dispose };
}

/** What an assertion on an error of the mechanism looks for. */
export function fault(name: SecurityMechanismFault): { readonly fault: SecurityMechanismFault } {
  return { fault: name };
}

/** An opened message in words: its text and its order. */
export async function opened(context: SecurityContext, token: Uint8Array): Promise<string> {
  const { octets, order } = await context.unwrap(token);
  return `${Buffer.from(octets).toString()} ${order}`;
}

/** Open files and resident memory of the processes that call the library. */
export async function heldBy(mechanism: GssapiMechanism): Promise<{ handlesCount: number; residentBytes: number }> {
  const held = await Promise.all(
    mechanism.processIds.map(async (id) => {
      const [handles, status] = await Promise.all([readdir(`/proc/${id}/fd`), readFile(`/proc/${id}/status`, "utf8")]);
      const [, kilobytes = "0"] = /VmRSS:\s+(\d+)/.exec(status) ?? [];
      return { handlesCount: handles.length, residentBytes: Number(kilobytes) * 1024 };
    }),
  );
  return {
    handlesCount: held.reduce((sum, { handlesCount }) => sum + handlesCount, 0),
    residentBytes: held.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
  };
}
