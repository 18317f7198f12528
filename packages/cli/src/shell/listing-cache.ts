import type { Client } from "@sallyport/client";

/** A name that may be completed. */
export interface ListedName {
  readonly name: string;
  readonly isDirectory: boolean;
  /** Whether it may lead to a directory. */
  readonly leadsOn: boolean;
}

const keptMs = 20_000;
const directoriesMax = 64;
/** Names of one directory; of more than these nobody completes one by Tab. */
const namesMax = 50_000;
const waitMs = 10_000;

/** Listings of directories for completion, kept for a short time and until something may have changed. */
export class ListingCache {
  readonly #listings = new Map<string, { readonly names: Promise<readonly ListedName[]>; readonly untilMs: number }>();

  /** The names in a directory of a server; none where it cannot be listed. */
  async list(client: Client, server: string, directory: string): Promise<readonly ListedName[]> {
    const key = `${server}\n${directory}`;
    const known = this.#listings.get(key);
    if (known !== undefined && known.untilMs > performance.now()) return known.names;
    const names = readNames(client, directory);
    this.#listings.delete(key);
    this.#listings.set(key, { names, untilMs: performance.now() + keptMs });
    const [oldest] = this.#listings.keys();
    if (this.#listings.size > directoriesMax && oldest !== undefined) this.#listings.delete(oldest);
    return names;
  }

  clear(): void {
    this.#listings.clear();
  }
}

async function readNames(client: Client, directory: string): Promise<readonly ListedName[]> {
  const names: ListedName[] = [];
  try {
    for await (const { name, type } of client.list(directory, { signal: AbortSignal.timeout(waitMs) })) {
      names.push({ name, isDirectory: type === "directory", leadsOn: type !== "file" });
      if (names.length >= namesMax) break;
    }
  } catch {
    // Nothing to complete; the command itself will tell why.
  }
  return names;
}
