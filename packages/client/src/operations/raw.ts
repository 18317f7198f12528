import { type ReceivedReply, UsageError } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { RequestOptions } from "../connection/connection-options.ts";
import type { NameCodec } from "../names/name-codec.ts";

/**
 * Sends a command line as it stands and returns the reply; a refusal is thrown. Verbs whose effects the connection
 * keeps account of, such as TYPE, PASV or RETR, are refused with `SALLYPORT_VERB_RESERVED`.
 */
export async function raw(
  connection: ClientConnection,
  line: string,
  { names, ...options }: RequestOptions & { readonly names: NameCodec },
): Promise<ReceivedReply> {
  const { verb, argument } = /^(?<verb>[A-Za-z][A-Za-z\d]*)(?: (?<argument>.*))?$/s.exec(line)?.groups ?? {};
  if (verb === undefined) throw new UsageError("SALLYPORT_COMMAND_INVALID", "A command line begins with a verb");
  return connection.command(verb.toUpperCase(), argument === undefined ? undefined : names.octetsOf(argument), options);
}
