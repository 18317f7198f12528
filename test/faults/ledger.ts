import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** What may lie under a name: content, or nothing. */
type Content = Buffer | undefined;

/** What was acknowledged about one name, and what was asked for and not acknowledged yet. */
interface Account {
  settled: Content;
  /** Present while a command is under way: what there is if it was carried out. */
  pending?: { readonly content: Content };
}

/**
 * Remembers what a server acknowledged, and says what has to lie on the disk after the server died: everything that was
 * acknowledged, and of the rest either all or nothing.
 */
export class Ledger {
  readonly #accounts = new Map<string, Account>();
  readonly #moves = new Map<string, { readonly to: string; readonly content: Buffer }>();
  acknowledgedCount = 0;
  pendingCount = 0;

  /** What is acknowledged to lie under a name. */
  settled(name: string): Content {
    return this.#accounts.get(name)?.settled;
  }

  names(): string[] {
    return [...this.#accounts.keys()].filter((name) => this.settled(name) !== undefined);
  }

  begin(name: string, content: Content): void {
    const account = this.#accounts.get(name) ?? { settled: undefined };
    this.#accounts.set(name, { ...account, pending: { content } });
  }

  acknowledge(name: string): void {
    const account = this.#accounts.get(name);
    assert.ok(account?.pending, `${name} was acknowledged and not asked for`);
    this.#accounts.set(name, { settled: account.pending.content });
    this.acknowledgedCount++;
  }

  beginMove(from: string, to: string): void {
    const content = this.settled(from);
    assert.ok(content, `${from} is there to be moved`);
    this.#moves.set(from, { to, content });
  }

  acknowledgeMove(from: string): void {
    const move = this.#moves.get(from);
    assert.ok(move, `${from} was to be moved`);
    this.#moves.delete(from);
    this.#accounts.set(from, { settled: undefined });
    this.#accounts.set(move.to, { settled: move.content });
    this.acknowledgedCount++;
  }

  /** Compares with the disk, and takes what lies there for settled. */
  judge(root: string): void {
    for (const [from, { to, content }] of this.#moves) {
      const [old, now] = [read(root, from), read(root, to)];
      assert.ok((old === undefined) !== (now === undefined), `${from} lies under exactly one of its names`);
      assertSame(from, old ?? now, content);
      this.#accounts.set(from, { settled: old });
      this.#accounts.set(to, { settled: now });
      this.pendingCount++;
    }
    this.#moves.clear();
    for (const [name, { settled, pending }] of this.#accounts) {
      const found = read(root, name);
      if (pending === undefined) assertSame(name, found, settled);
      else {
        this.pendingCount++;
        if (!isSame(found, settled)) assertSame(name, found, pending.content);
      }
      this.#accounts.set(name, { settled: found });
    }
  }

  /** Takes names away, on the disk and here, up to the ones that are kept. */
  forget(root: string, isKept: (name: string) => boolean): void {
    for (const name of this.#accounts.keys()) {
      if (isKept(name)) continue;
      rmSync(join(root, name), { force: true });
      this.#accounts.delete(name);
    }
  }
}

function read(root: string, name: string): Content {
  const path = join(root, name);
  return existsSync(path) ? readFileSync(path) : undefined;
}

function isSame(found: Content, expected: Content): boolean {
  return found === undefined || expected === undefined ? found === expected : found.equals(expected);
}

function assertSame(name: string, found: Content, expected: Content): void {
  if (isSame(found, expected)) return;
  assert.fail(`${name}: found ${describe(found)}, expected ${describe(expected)}`);
}

function describe(content: Content): string {
  if (content === undefined) return "nothing";
  return `${content.length} octets from ${JSON.stringify(content.toString("latin1", 0, 40))}`;
}
