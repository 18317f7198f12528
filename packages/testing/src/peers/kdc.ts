import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { findProgram } from "../requirements.ts";
import { startPeer } from "./peer.ts";

/** What a realm needs of the machine: `test(…, { skip: needs(...kdcNeeds) }, …)`. */
export const kdcNeeds = ["linux", "krb5kdc", "kdb5_util", "kadmin.local", "kinit", "libgssapi"] as const;

/**
 * A realm SALLYPORT.TEST on 127.0.0.1 until it is disposed: users alice and bob with the password secret, services
 * ftp/localhost and host/localhost.
 */
export interface Kdc extends AsyncDisposable {
  readonly realm: string;
  readonly port: number;
  /** Holds what follows, and the log. */
  readonly directory: string;
  /** krb5.conf for whoever belongs to the realm. */
  readonly configFile: string;
  /** The keys of both services. */
  readonly keytab: string;
  /** What programs with MIT's library need besides their own environment. Replays are remembered in the directory. */
  readonly environment: Readonly<Record<string, string>>;
  /** Gets a user tickets by password and returns their file. */
  tickets(user: string, options?: { readonly lifetime?: string; readonly file?: string }): Promise<string>;
  /** Runs a query of kadmin, such as `addprinc -randkey x`, and returns its output. */
  administer(query: string): Promise<string>;
}

/** Starts a realm; takes about 0.3 s. */
export async function startKdc(): Promise<Kdc> {
  const peer = await startPeer({ starter: "kdc", hasImplicit: false });
  const realm = "SALLYPORT.TEST";
  const inDirectory = (name: string): string => join(peer.directory, name);
  const environment = {
    KRB5_CONFIG: inDirectory("krb5.conf"),
    KRB5_KDC_PROFILE: inDirectory("kdc.conf"),
    KRB5_KTNAME: inDirectory("ftp.keytab"),
    KRB5CCNAME: inDirectory("tickets"),
    KRB5RCACHEDIR: peer.directory,
  };
  return {
    realm,
    port: peer.explicitPort,
    directory: peer.directory,
    configFile: environment.KRB5_CONFIG,
    keytab: environment.KRB5_KTNAME,
    environment,
    tickets: async (user, { lifetime = "1h", file = inDirectory(`${user}.tickets`) } = {}) => {
      await runAt(environment, "kinit", ["-c", file, "-l", lifetime, `${user}@${realm}`], "secret\n");
      return file;
    },
    administer: (query) => runAt(environment, "kadmin.local", ["-r", realm, "-q", query]),
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
}

async function runAt(
  environment: Readonly<Record<string, string>>,
  program: string,
  programArguments: readonly string[],
  input = "",
): Promise<string> {
  const path = findProgram(program);
  if (path === undefined) throw new Error(`there is no ${program}; test/peers/install.sh gets it`);
  const child = spawn(path, programArguments, { env: { ...process.env, ...environment }, timeout: 20_000 });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (octets: Buffer) => (output += octets.toString()));
  // One that reads nothing may have ended; its exit code is what counts.
  child.stdin.on("error", () => {}).end(input);
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${program} failed: ${output}`);
  return output;
}
