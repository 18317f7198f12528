import { MemoryDirectory, type Storage, subtree } from "@sallyport/server/storage";
import { hostKey, type VirtualPath } from "@sallyport/protocol";

/** What {@link VisitorAreas} are held to. */
export interface VisitorAreasOptions {
  /** Octets of one area, interrupted uploads included. */
  readonly areaBytes: number;
  /** Files, directories and interrupted uploads of one area, since empty ones take memory too. */
  readonly areaEntriesCount: number;
  /** Areas at a time; a further one takes the place of the oldest. */
  readonly areasCount: number;
  /** An area is emptied when it is this old. */
  readonly resetMs: number;
  readonly now?: () => number;
}

/**
 * Small write areas in memory, one for each address (IPv6: its /64) and for a limited time: whoever tries a server sees
 * again what they wrote, over as many connections as they like, and nobody sees what others wrote, so that a server
 * open to strangers is no place to exchange files.
 *
 * A storage that was handed out stays good: after its area was emptied it shows the new, empty one.
 */
export class VisitorAreas {
  readonly #options: VisitorAreasOptions;
  readonly #now: () => number;
  /** The oldest first. */
  readonly #areas = new Map<string, Area>();

  constructor(options: VisitorAreasOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Areas in memory. */
  get size(): number {
    return this.#areas.size;
  }

  /** The area of an address, as one account sees it. */
  storageFor(remoteAddress: string, owner: string): Storage {
    const key = hostKey(remoteAddress);
    return following(() => this.#current(key).forOwner(owner));
  }

  /** Frees the areas whose time is over. */
  sweep(): void {
    for (const [key, area] of this.#areas) if (this.#isOver(area)) this.#areas.delete(key);
  }

  #current(key: string): MemoryDirectory {
    const known = this.#areas.get(key);
    if (known !== undefined && !this.#isOver(known)) return known.directory;
    this.#areas.delete(key);
    this.sweep();
    const [oldest] = this.#areas.keys();
    if (oldest !== undefined && this.#areas.size >= this.#options.areasCount) this.#areas.delete(oldest);
    const { areaBytes, areaEntriesCount } = this.#options;
    const directory = new MemoryDirectory({ limitBytes: areaBytes, limitCount: areaEntriesCount });
    this.#areas.set(key, { directory, madeMs: this.#now() });
    return directory;
  }

  #isOver({ madeMs }: Area): boolean {
    return this.#now() - madeMs >= this.#options.resetMs;
  }
}

interface Area {
  readonly directory: MemoryDirectory;
  readonly madeMs: number;
}

/** A storage that asks anew for each call which storage it is. */
function following(current: () => Storage): Storage {
  return {
    stat: (path, options) => current().stat(path, options),
    list: (directory) => current().list(directory),
    openRead: (path) => current().openRead(path),
    openWrite: (path, intent) => current().openWrite(path, intent),
    rename: (from, to) => current().rename(from, to),
    remove: (path) => current().remove(path),
    makeDirectory: (path) => current().makeDirectory(path),
    removeDirectory: (path) => current().removeDirectory(path),
    setAttributes: async (path, attributes) => current().setAttributes?.(path, attributes),
    freeSpaceBytes: async (path) => (await current().freeSpaceBytes?.(path)) ?? 0,
    subtree: (directory: VirtualPath) => following(() => subtree(current(), directory)),
  };
}
