import { Capture, type ExplainedHost, type ExplainEvent, type StrippedClient } from "@sallyport/inspector";
import { ConfigError, UsageError } from "@sallyport/protocol";
import { writeFile } from "node:fs/promises";

/** Into which files an explanation is written besides. */
export interface ExplainFileFlags {
  readonly capture?: string;
  readonly html?: string;
}

export const explainFileFlags = {
  capture: fileFlag("Write what went over the wire as pcapng, which Wireshark opens decrypted"),
  html: fileFlag("Write a page that plays it again, with the octets of each record"),
} as const;

function fileFlag(brief: string) {
  return { kind: "parsed", parse: String, brief, placeholder: "FILE", optional: true } as const;
}

/** What goes into the files of one explanation. Keys of what carried a password are left out of them. */
export class ExplainFiles {
  readonly capture: Capture | undefined;
  readonly #flags: ExplainFileFlags;

  /** @throws {UsageError} SALLYPORT_USAGE where a file is asked for of a dialogue. */
  constructor(flags: ExplainFileFlags & { readonly dialogue?: string }) {
    this.#flags = flags;
    this.capture = flags.capture === undefined ? undefined : new Capture();
    if (flags.dialogue === undefined || (flags.capture ?? flags.html) === undefined) return;
    const text = "--capture and --html are of both modes at once, and --dialogue shows one; leave one of them out";
    throw new UsageError("SALLYPORT_USAGE", text);
  }

  /** Whether events have to carry their octets. */
  get wantsOctets(): boolean {
    return this.#flags.html !== undefined;
  }

  /** @throws {ConfigError} SALLYPORT_EXPLANATION_UNWRITABLE */
  async write(
    target: ExplainedHost,
    events: readonly ExplainEvent[],
    stripped: (client: StrippedClient) => Promise<readonly ExplainEvent[]>,
  ): Promise<void> {
    const { capture, html } = this.#flags;
    if (this.capture && capture !== undefined) await writePrivateFile(capture, this.capture.pcapng());
    if (html === undefined) return;
    // It brings a bundler along where the page has to be made first.
    const { explainPage } = await import("@sallyport/web/explain-page");
    const [required, willing] = await Promise.all([stripped("required"), stripped("if-available")]);
    const recordings = { none: events, required, "if-available": willing };
    await writePrivateFile(html, await explainPage(target, recordings));
  }
}

/**
 * Writes what only its owner shall read.
 *
 * @throws {ConfigError} SALLYPORT_EXPLANATION_UNWRITABLE
 */
export async function writePrivateFile(file: string, content: Buffer | string): Promise<void> {
  try {
    await writeFile(file, content, { mode: 0o600 });
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new ConfigError("SALLYPORT_EXPLANATION_UNWRITABLE", `${file} cannot be written (${reason})`);
  }
}
