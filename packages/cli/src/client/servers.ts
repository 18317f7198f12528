import { connect, formatFtpUrl, type Client, type FtpUrl } from "@sallyport/client";
import { SallyportError, type TranscriptLine } from "@sallyport/protocol";
import type { ClientFlags } from "../client-flags.ts";
import type { PasswordSource } from "../login/credentials.ts";
import { visibleText } from "../terminal/visible-text.ts";
import { clientOptions } from "./connecting.ts";
import { namedPlace, type NamedPlace } from "./named-place.ts";

/** A place on a server. */
export interface RemotePlace {
  readonly client: Client;
  readonly url: FtpUrl;
  /** Relative to where the login begins, unless it begins with `/`; empty for there. */
  readonly path: string;
}

export interface ServersOptions {
  readonly connectionsMax?: number;
  /** Gives up what is under way; absent, Ctrl-C does. */
  readonly signal?: AbortSignal | undefined;
  readonly kept?: KeptServer | undefined;
  /** Where lines of dialogues and warnings go. */
  say(line: string): void;
}

/** A server that is connected already, and stays so. */
export interface KeptServer {
  readonly client: Client;
  readonly url: FtpUrl;
}

/** What holds for one of two servers alone. */
export interface OwnWishes {
  readonly flags: ClientFlags;
  readonly passwords: PasswordSource;
  /** Stands before the lines of its dialogue. */
  readonly label: string;
}

/** Signals that give up what is under way, with the failure that it then is. */
const endings: readonly (readonly [NodeJS.Signals, () => SallyportError])[] = [
  ["SIGINT", interruption],
  ["SIGTERM", () => new SallyportError("SALLYPORT_TERMINATED", "Ended by SIGTERM")],
];

/**
 * The servers of one command: each is connected to once, whatever number of URLs name it. Ctrl-C and SIGTERM give up what
 * is under way, which takes its unfinished files along; a second one ends the process.
 */
export class Servers implements AsyncDisposable {
  readonly signal: AbortSignal;
  readonly #flags: ClientFlags;
  readonly #options: ServersOptions;
  /** Those that end with the command. */
  readonly #clients = new Map<string, Promise<Client>>();
  readonly #signals = new DisposableStack();

  constructor(flags: ClientFlags, options: ServersOptions) {
    this.#flags = flags;
    this.#options = options;
    const aborter = new AbortController();
    this.signal = options.signal ?? aborter.signal;
    if (options.signal !== undefined) return;
    for (const [name, reason] of endings) {
      const end = (): void => aborter.abort(reason());
      process.once(name, end);
      this.#signals.defer(() => process.off(name, end));
    }
  }

  /** Connects to the server of a URL or bookmark, unless that is done, and logs in. */
  async open(text: string, own?: OwnWishes): Promise<RemotePlace> {
    const place = await namedPlace(text);
    const { url } = place;
    const { kept } = this.#options;
    const key = keyOf(url);
    if (kept !== undefined && key === keyOf(kept.url)) return { client: kept.client, url, path: url.path };
    let client = this.#clients.get(key);
    if (client === undefined) {
      client = this.#connect(place, own);
      this.#clients.set(key, client);
    }
    return { client: await client, url, path: url.path };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signals.dispose();
    const opened = await Promise.allSettled(this.#clients.values());
    const clients = opened.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    await Promise.all(clients.map((client) => client.close()));
  }

  async #connect(place: NamedPlace, own: OwnWishes | undefined): Promise<Client> {
    const { connectionsMax = 1, say } = this.#options;
    const { signal } = this;
    const { flags, label, passwords } = { flags: this.#flags, label: "", ...own };
    const isShown = flags.verbose === true;
    const options = await clientOptions(place, flags, {
      connectionsMax,
      signal,
      say,
      ...(passwords && { passwords }),
      ...(isShown && { onTranscript: (line: TranscriptLine) => say(`${label}${dialogueLine(line)}`) }),
    });
    return connect(formatFtpUrl(place.url), options);
  }
}

function keyOf({ scheme, user, host, port }: FtpUrl): string {
  return [scheme, user, host, port].join("\n");
}

/** The reason of what Ctrl-C gives up. */
export function interruption(): SallyportError {
  return new SallyportError("SALLYPORT_INTERRUPTED", "Interrupted");
}

/** A line of a dialogue, which the library has masked. */
export function dialogueLine({ direction, text }: TranscriptLine): string {
  return `${direction === "command" ? "→" : "←"} ${visibleText(text)}`;
}
