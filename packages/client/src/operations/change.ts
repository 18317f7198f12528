import { CommandRefused, formatTimeValue, type Octets, type ReceivedReply, UsageError } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { RequestOptions } from "../connection/connection-options.ts";
import { parentPath } from "../names/remote-path.ts";
import type { KnownServer } from "../profile/known-server.ts";
import type { ServerFacts } from "../profile/server-profile.ts";
import { directoryCommand } from "./directory-command.ts";
import { isUnsupported, refusalOf, unlessRefused } from "./refusal.ts";
import { isDirectory } from "./stat.ts";

/** Makes a directory; with `recursive` also those above it, and one that is there already is no failure. */
export async function makeDirectory(
  connection: ClientConnection,
  path: Octets,
  { recursive, ...options }: RequestOptions & { readonly recursive?: boolean | undefined },
): Promise<void> {
  try {
    await directoryCommand(connection, "MKD", path, options);
  } catch (error) {
    // Another client may have made it just now, so what counts is whether it is there.
    if (!recursive || refusalOf(error) === undefined) throw error;
    if ((await isDirectory(connection, path, options)) === undefined) return;
    const parent = parentPath(path);
    if (parent === "" || parent === "/" || parent === path) throw error;
    await makeDirectory(connection, parent, { ...options, recursive });
    const again = await unlessRefused(directoryCommand(connection, "MKD", path, options));
    if (again === undefined && (await isDirectory(connection, path, options)) !== undefined) throw error;
  }
}

/** Sets permission bits: SITE CHMOD, or MFF where the server offers it (draft-somers-ftp-mfxx §5). */
export async function chmod(
  connection: ClientConnection,
  path: Octets,
  mode: number,
  options: RequestOptions,
): Promise<void> {
  if (!Number.isInteger(mode) || mode < 0 || mode > 0o7777) {
    throw new UsageError("SALLYPORT_MODE_INVALID", "Permission bits are a number from 0 to 0o7777");
  }
  const octal = mode.toString(8).padStart(3, "0");
  await firstSupported([
    () => connection.command("SITE", `CHMOD ${octal} ${path}` as Octets, options),
    ...(offersFact(connection, "MFF", "unix.mode")
      ? [() => connection.command("MFF", `UNIX.mode=${octal.padStart(4, "0")}; ${path}` as Octets, options)]
      : []),
  ]);
}

/**
 * Sets the time of change of a file, or of a directory where the server takes that: MFMT, otherwise SITE UTIME as ProFTPD
 * and Pure-FTPd have it, otherwise MDTM with a time, as vsftpd has it. All take UTC, to the second. Which of them the
 * server knows is found out once.
 */
export async function setTimes(
  connection: ClientConnection,
  path: Octets,
  { modified }: { readonly modified: Date },
  options: RequestOptions,
): Promise<void> {
  const time = formatTimeValue(Math.floor(modified.getTime() / 1000) * 1000);
  if (time === undefined) throw new UsageError("SALLYPORT_TIME_INVALID", "Times lie in the years 1000 to 9999");
  const { known, features } = connection;
  const refusal = withoutTimes.get(known);
  if (refusal !== undefined) throw refusal;
  const ways: Readonly<Record<ServerFacts["timeCommand"], () => Promise<ReceivedReply>>> = {
    MFMT: () => connection.command("MFMT", `${time} ${path}` as Octets, options),
    "SITE UTIME": () => connection.command("SITE", `UTIME ${time} ${path}` as Octets, options),
    MDTM: () => connection.command("MDTM", `${time} ${path}` as Octets, options),
  };
  const learnt = features.has("MFMT") ? "MFMT" : known.fact("timeCommand");
  const order: readonly ServerFacts["timeCommand"][] = learnt === undefined ? ["SITE UTIME", "MDTM", "MFMT"] : [learnt];
  try {
    await firstSupported(
      order.map((name) => async () => {
        const { code, lines } = await ways[name]();
        if (learnt === undefined) known.learn("timeCommand", name, `${code} ${lines.at(-1) ?? ""}`);
      }),
    );
  } catch (error) {
    if (learnt === undefined && error instanceof Error && isUnsupported(error)) withoutTimes.set(known, error);
    throw error;
  }
}

/** Servers that know none of the ways, with what they said. */
const withoutTimes = new WeakMap<KnownServer, Error>();

function offersFact(connection: ClientConnection, verb: string, fact: string): boolean {
  return connection.features.get(verb)?.toLowerCase().split(";").includes(fact) ?? false;
}

/** Tries one way after the other while the server knows them not; the first other refusal is thrown. */
async function firstSupported(ways: readonly (() => Promise<unknown>)[]): Promise<void> {
  let refusal: unknown = new CommandRefused("SALLYPORT_COMMAND_REFUSED", "The server offers no way to do that");
  for (const way of ways) {
    try {
      await way();
      return;
    } catch (error) {
      refusal = error;
      if (!isUnsupported(error) && ways.length === 1) throw error;
      if (refusalOf(error) === undefined) throw error;
    }
  }
  throw refusal;
}
