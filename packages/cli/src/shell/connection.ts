import { connect, formatFtpUrl, type Client, type FtpUrl } from "@sallyport/client";
import type { ClientFlags } from "../client-flags.ts";
import { clientOptions } from "../client/connecting.ts";
import { namedPlace } from "../client/named-place.ts";
import { dialogueLine } from "../client/servers.ts";

/** A server that the shell is connected to. Lost control connections are replaced by the client when they are needed. */
export interface ShellConnection {
  readonly client: Client;
  /** Without a password. */
  readonly url: FtpUrl;
  /** Where the login began; empty where the server does not tell. */
  readonly home: string;
}

export interface OpenOptions {
  readonly flags: ClientFlags;
  readonly connectionsMax: number;
  readonly signal: AbortSignal;
  /** Whether it stood on the command line, where others see it. */
  readonly isExposed: boolean;
  /** Octets in a second. */
  readonly limitRate: number | undefined;
  say(line: string): void;
  /** Whether dialogues are shown, as of now. */
  isVerbose(): boolean;
}

/** Connects and logs in, to a URL or bookmark. Rejects as `connect` does. */
export async function openConnection(
  text: string,
  { flags, connectionsMax, signal, isExposed, limitRate, say, isVerbose }: OpenOptions,
): Promise<ShellConnection> {
  const place = await namedPlace(text);
  const options = await clientOptions(place, flags, {
    connectionsMax,
    signal,
    isExposed,
    say,
    onTranscript: (line) => {
      if (isVerbose()) say(dialogueLine(line));
    },
  });
  const { password: _, ...url } = place.url;
  const client = await connect(formatFtpUrl(place.url), options);
  try {
    client.limitRate = limitRate;
    const home = (await client.workingDirectory({ signal })) ?? "";
    return { client, url: { ...url, password: undefined }, home: home.startsWith("/") ? home : "" };
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** The URL of a path on the server, as the one-shot commands are given it. */
export function urlOf({ url }: ShellConnection, path: string, isDirectory = false): string {
  return formatFtpUrl({ ...url, path, isDirectory, type: undefined });
}
