import { type Client, type ClientOptions, connect } from "@sallyport/client";
import { makeTestIdentity, type TestServer, type TestServerOptions } from "@sallyport/testing";
import { randomBytes } from "node:crypto";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

export const identity = makeTestIdentity({ names: ["localhost", "127.0.0.1", "::1"] });

/** What lets a server of ours copy to and from others of this machine. */
export const fxpOptions: NonNullable<TestServerOptions["fxp"]> = {
  addresses: ["127.0.0.1"],
  certificateAuthorities: identity.ca,
};

export type Side = "from" | "to";

/** A client of each of two servers. */
export interface Pair extends AsyncDisposable {
  readonly from: Client;
  readonly to: Client;
  /** Every command line that they sent, with the side in front. */
  readonly said: string[];
}

export interface PairOptions extends Readonly<Partial<Record<Side, ClientOptions>>> {
  /** As URLs write it. */
  readonly host?: string;
}

export const content = randomBytes(300_000);

/** Logs in at two servers on this machine. */
export async function pairOf(
  from: Pick<TestServer, "explicitPort">,
  to: Pick<TestServer, "explicitPort">,
  { host = "127.0.0.1", ...options }: PairOptions = {},
): Promise<Pair> {
  const said: string[] = [];
  const open = (side: Side, { explicitPort }: Pick<TestServer, "explicitPort">): Promise<Client> =>
    connect(`ftpes://alice:secret@${host}:${explicitPort}`, {
      retry: { attempts: 0 },
      ...options[side],
      tls: { ca: identity.ca, ...options[side]?.tls },
      onTranscript: ({ direction, text }) => {
        if (direction === "command") said.push(`${side} ${text}`);
      },
    });
  const pair = { from: await open("from", from), to: await open("to", to), said };
  return {
    ...pair,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([pair.from.close(), pair.to.close()]);
    },
  };
}

/** The directory of a server, with nothing in it but what the test puts there. */
export class Folder {
  readonly #path: string;

  constructor({ directory }: Pick<TestServer, "directory">) {
    this.#path = directory;
  }

  async put(name: string, octets: Uint8Array | string = content): Promise<void> {
    await writeFile(join(this.#path, name), octets);
  }

  read(name: string): Promise<Buffer> {
    return readFile(join(this.#path, name));
  }

  /** Parts of copies included, but not what the server keeps for itself. */
  async names(): Promise<string[]> {
    return (await readdir(this.#path)).filter((name) => name !== ".sallyport").toSorted();
  }

  async empty(): Promise<void> {
    await Promise.all((await this.names()).map((name) => rm(join(this.#path, name), { recursive: true })));
  }
}

/** The commands that set up and carry out transfers, without what differs from time to time. */
export function transferDialogue(said: readonly string[]): string[] {
  const verbs = /^(?:from|to) (?:SSCN|CPSV|PASV|EPSV|PORT|EPRT|REST|RETR|STOR|PROT|ABOR|DELE)\b/;
  return said
    .filter((line) => verbs.test(line))
    .map((line) => line.replace(/ (?:(?:\d+,){5}\d+|\S*\.sallyport-part-\S+)$/, " …"));
}
