/**
 * Who goes first where some have to wait: those who have logged in from where they are, then those of whom nothing is
 * known, then those who have just given a wrong password.
 */
export const precedences = ["trusted", "unknown", "failing"] as const;

export type Precedence = (typeof precedences)[number];

/**
 * Lines of those who wait, one for each precedence, each in the order of arrival. One turn in four is left to those
 * behind, or whoever has an account and comes again and again would keep out all who come for the first time.
 */
export class PrecedenceLines<Item> {
  readonly #lines: Readonly<Record<Precedence, Item[]>> = { trusted: [], unknown: [], failing: [] };
  readonly #turnsInARow: Record<Precedence, number> = { trusted: 0, unknown: 0, failing: 0 };
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: Item, precedence: Precedence): void {
    this.#lines[precedence].push(item);
    this.#size += 1;
  }

  /** Takes whose turn it is. */
  next(): Item | undefined {
    const waiting = precedences.filter((one) => this.#lines[one].length > 0);
    const precedence = waiting.find((one) => this.#turnsInARow[one] < turnsInARowMax) ?? waiting.at(-1);
    if (precedence === undefined) return undefined;
    for (const before of waiting.slice(0, waiting.indexOf(precedence))) this.#turnsInARow[before] = 0;
    this.#turnsInARow[precedence] += 1;
    this.#size -= 1;
    return this.#lines[precedence].shift();
  }

  /** Takes the last of the lowest precedence, if that is lower than the given one. */
  giveWayTo(precedence: Precedence): Item | undefined {
    const lower = precedences.slice(precedences.indexOf(precedence) + 1).toReversed();
    const lowest = lower.find((one) => this.#lines[one].length > 0);
    if (lowest === undefined) return undefined;
    this.#size -= 1;
    return this.#lines[lowest].pop();
  }

  /** Takes somebody out of a line; says whether it stood there. */
  delete(item: Item, precedence: Precedence): boolean {
    const at = this.#lines[precedence].indexOf(item);
    if (at === -1) return false;
    this.#lines[precedence].splice(at, 1);
    this.#size -= 1;
    return true;
  }
}

/** Then those behind have one. */
const turnsInARowMax = 3;
