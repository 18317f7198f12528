/** Not 0, which production code may take for "not begun". */
const startMs = 1_000;

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** Time that stands still until everything that can happen now has happened; then it jumps to what is next. */
class VirtualClock {
  nowMs = startMs;
  #order = 0;
  #entries: Entry[] = [];
  #immediates: (() => void)[] = [];

  schedule(afterMs: number, run: () => void): Entry {
    const entry = { atMs: this.nowMs + Math.max(0, afterMs), order: this.#order++, run, cancelled: false };
    let at = this.#entries.length;
    while (at > 0 && (this.#entries[at - 1] as Entry).atMs > entry.atMs) at -= 1;
    this.#entries.splice(at, 0, entry);
    return entry;
  }

  soon(run: () => void): { cancelled: boolean } {
    const entry = { cancelled: false };
    this.#immediates.push(() => entry.cancelled || run());
    return entry;
  }

  /** Runs what is next; false where nothing is left. */
  async tick(): Promise<boolean> {
    let entry = this.#entries.shift();
    while (entry?.cancelled === true) entry = this.#entries.shift();
    if (entry === undefined) return false;
    this.nowMs = entry.atMs;
    entry.run();
    await this.settle();
    return true;
  }

  /** Lets promises, streams and immediates come to rest. */
  async settle(): Promise<void> {
    do {
      const due = this.#immediates;
      this.#immediates = [];
      for (const run of due) run();
      // Comes after every promise and every process.nextTick that is due, and those that they make.
      await new Promise<void>((resolve) => realSetImmediate(resolve));
    } while (this.#immediates.length > 0);
  }

  reset(): void {
    this.nowMs = startMs;
    this.#entries = [];
    this.#immediates = [];
  }
}

const realSetImmediate = setImmediate;

/** The clock of this process; production code sees no other once {@link installClock} was called. */
export const clock = new VirtualClock();

const epochMs = Date.UTC(2026, 0, 1);

/** Puts the virtual clock in the place of timers, `Date.now` and `performance.now`. */
export function installClock(): void {
  const timer = (run: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) =>
    handleOf(clock.schedule(Math.max(1, ms), () => run(...given)));
  const interval = (run: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) => {
    const handle = handleOf({ cancelled: false });
    const again = (): void => {
      if (handle.entry.cancelled) return;
      run(...given);
      clock.schedule(Math.max(1, ms), again);
    };
    clock.schedule(Math.max(1, ms), again);
    return handle;
  };
  const immediate = (run: (...given: unknown[]) => void, ...given: unknown[]) =>
    handleOf(clock.soon(() => run(...given)));
  const cancel = (handle: unknown): void => {
    if (handle instanceof Object && "entry" in handle) (handle.entry as { cancelled: boolean }).cancelled = true;
  };
  Object.assign(globalThis, {
    setTimeout: timer,
    setInterval: interval,
    setImmediate: immediate,
    clearTimeout: cancel,
    clearInterval: cancel,
    clearImmediate: cancel,
  });
  Object.defineProperty(performance, "now", { value: () => clock.nowMs });
  Date.now = () => epochMs + clock.nowMs;
}

function handleOf(entry: { cancelled: boolean }) {
  const handle = {
    entry,
    ref: () => handle,
    unref: () => handle,
    hasRef: () => true,
    refresh: () => handle,
    [Symbol.dispose]: () => void (entry.cancelled = true),
  };
  return handle;
}
