import { type Client, type ClientOptions, connect } from "@sallyport/client";
import { startTestServer, type TestServer, type TestServerOptions } from "@sallyport/testing";
import { randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What lets a server of ours copy to and from others of this machine. */
export function fxpTo(authorities: string): NonNullable<TestServerOptions["fxp"]> {
  return { addresses: ["127.0.0.1"], certificateAuthorities: authorities };
}

/** Two servers and a client of each. */
export interface Pair extends AsyncDisposable {
  readonly from: Place;
  readonly to: Place;
  /** Every command line of both, `from` and `to` before it. */
  readonly said: string[];
}

export interface Place {
  readonly client: Client;
  /** The directory that the server serves. */
  readonly served: string;
}

export const content = randomBytes(300_000);

/** Both clients log in at servers of ours. */
export async function pairOf(
  from: TestServer,
  to: TestServer,
  options: Readonly<Partial<Record<"from" | "to", ClientOptions>>> = {},
): Promise<Pair> {
  const said: string[] = [];
  const open = async (side: "from" | "to", server: TestServer): Promise<Place> => ({
    served: server.directory,
    client: await connect(`ftpes://alice:secret@127.0.0.1:${server.explicitPort}`, {
      retry: { attempts: 0 },
      ...options[side],
      tls: { ca: server.identity.ca, ...options[side]?.tls },
      onTranscript: ({ direction, text }) => {
        if (direction === "command") said.push(`${side} ${text}`);
      },
    }),
  });
  const pair = { from: await open("from", from), to: await open("to", to), said };
  return {
    ...pair,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([pair.from.client.close(), pair.to.client.close()]);
    },
  };
}

/** Puts a file where the source finds it. */
export async function putFile({ from }: Pair, name: string, octets: Uint8Array = content): Promise<void> {
  await writeFile(join(from.served, name), octets);
}

export function stored({ to }: Pair, name: string): Promise<Buffer> {
  return readFile(join(to.served, name));
}

/** What lies on the target, parts of copies included. */
export async function targetNames({ to }: Pair): Promise<string[]> {
  return (await readdir(to.served)).filter((name) => name !== ".sallyport").toSorted();
}

/** The commands of one side that set up and carry out transfers. */
export function transferDialogue(said: readonly string[]): string[] {
  const verbs = /^(?:from|to) (?:SSCN|CPSV|PASV|EPSV|PORT|EPRT|REST|RETR|STOR|PROT)\b/;
  return said
    .filter((line) => verbs.test(line))
    .map((line) => line.replace(/ (?:(?:\d+,){5}\d+|\S*\.sallyport-part-\S+)$/, " …"));
}

export { startTestServer };
