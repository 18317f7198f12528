import type { Octets, ReceivedReply } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { RequestOptions } from "../connection/connection-options.ts";
import { refusalOf, unlessRefused } from "./refusal.ts";

/** Names that these had before RFC 959, which a few servers know alone. */
const oldNames = { CWD: "XCWD", MKD: "XMKD", PWD: "XPWD", RMD: "XRMD" } as const;

/** Sends a command about directories, and once more under its old name where the server does not know it (R-1123-08). */
export async function directoryCommand(
  connection: ClientConnection,
  verb: keyof typeof oldNames,
  argument?: Octets,
  options: RequestOptions = {},
): Promise<ReceivedReply> {
  try {
    return await connection.command(verb, argument, options);
  } catch (error) {
    const code = refusalOf(error)?.code;
    if (code !== 500 && code !== 502) throw error;
    const reply = await unlessRefused(connection.command(oldNames[verb], argument, options));
    if (reply === undefined) throw error;
    return reply;
  }
}
