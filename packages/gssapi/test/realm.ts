import { gssapiMechanism, type GssapiMechanism, type GssapiOptions } from "@sallyport/gssapi";
import { type Kdc, kdcNeeds, needs } from "@sallyport/testing";
import type { SecurityContext, SecurityContextFacts } from "@sallyport/transport";
import assert from "node:assert/strict";

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
