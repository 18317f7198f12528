import { connect, formatFtpUrl, type Client, type FtpUrl } from "@sallyport/client";
import { SallyportError, type TranscriptLine } from "@sallyport/protocol";
import type { ClientFlags } from "../client-flags.ts";
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
  /** Where lines of dialogues and warnings go. */
  say(line: string): void;
}

/**
 * The servers of one command: each is connected to once, whatever number of URLs name it. Ctrl-C gives up what is under
 * way; a second one ends the process.
 */
export class Servers implements AsyncDisposable {
  readonly signal: AbortSignal;
  readonly #flags: ClientFlags;
  readonly #options: ServersOptions;
  readonly #clients = new Map<string, Promise<Client>>();
  readonly #interrupt: () => void;

  constructor(flags: ClientFlags, options: ServersOptions) {
    this.#flags = flags;
    this.#options = options;
    const aborter = new AbortController();
    this.signal = aborter.signal;
    this.#interrupt = () => aborter.abort(new SallyportError("SALLYPORT_INTERRUPTED", "Interrupted"));
    process.once("SIGINT", this.#interrupt);
  }

  /** Connects to the server of a URL or bookmark, unless that is done, and logs in. */
  async open(text: string): Promise<RemotePlace> {
    const place = await namedPlace(text);
    const { url } = place;
    const key = [url.scheme, url.user, url.host, url.port].join("\n");
    let client = this.#clients.get(key);
    if (client === undefined) {
      client = this.#connect(place);
      this.#clients.set(key, client);
    }
    return { client: await client, url, path: url.path };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off("SIGINT", this.#interrupt);
    const opened = await Promise.allSettled(this.#clients.values());
    const clients = opened.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    await Promise.all(clients.map((client) => client.close()));
  }

  async #connect(place: NamedPlace): Promise<Client> {
    const { connectionsMax = 1, say } = this.#options;
    const { signal } = this;
    const isShown = this.#flags.verbose === true;
    const options = await clientOptions(place, this.#flags, {
      connectionsMax,
      signal,
      say,
      ...(isShown && { onTranscript: (line: TranscriptLine) => say(dialogueLine(line)) }),
    });
    return connect(formatFtpUrl(place.url), options);
  }
}

/** A line of a dialogue, which the library has masked. */
function dialogueLine({ direction, text }: TranscriptLine): string {
  return `${direction === "command" ? "→" : "←"} ${visibleText(text)}`;
}
