/**
 * Uploads that were not over when the page was left, so that a reload shows them again: where they go and which file it
 * was, never its content nor a secret. Each page looks after its own; one that is gone leaves them to the next.
 */
export interface KeptUpload {
  readonly id: string;
  /** `user@host:port`. */
  readonly server: string;
  readonly path: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Of which the server is known to have some. */
  readonly bytes: number;
  /** Whether where it goes was settled. */
  readonly isBegun: boolean;
}

const storagePrefix = "sallyport-uploads-";
const lockPrefix = "sallyport-page-";
const keptMost = 1_000;
const pageId = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;

let latest: readonly KeptUpload[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;

/** Remembers these instead of those before; soon, not at once. */
export function keepUploads(uploads: readonly KeptUpload[]): void {
  latest = uploads.slice(0, keptMost);
  timer ??= setTimeout(write, 300);
}

function write(): void {
  timer = undefined;
  try {
    if (latest.length === 0) localStorage.removeItem(storagePrefix + pageId);
    else localStorage.setItem(storagePrefix + pageId, JSON.stringify(latest));
  } catch {
    // Without storage they live as long as the page.
  }
}

/** What pages left that are gone; they are this page's from now on. */
export async function takeLeftUploads(): Promise<readonly KeptUpload[]> {
  try {
    holdLock();
    const { held = [] } = await navigator.locks.query();
    const alive = new Set(held.map(({ name }) => name));
    const places = Object.keys(localStorage).filter((key) => key.startsWith(storagePrefix));
    const left = places.filter((key) => !alive.has(lockPrefix + key.slice(storagePrefix.length)));
    const found = left.flatMap((key) => parsed(localStorage.getItem(key)));
    for (const key of left) localStorage.removeItem(key);
    return found;
  } catch {
    return [];
  }
}

/** Held until the page is gone, however it ends. */
function holdLock(): void {
  if (isHeld) return;
  isHeld = true;
  addEventListener("pagehide", write);
  void navigator.locks.request(lockPrefix + pageId, () => new Promise(() => {}));
}

let isHeld = false;

function parsed(text: string | null): readonly KeptUpload[] {
  const found: unknown = JSON.parse(text ?? "[]");
  return Array.isArray(found) ? found.filter((each) => isKept(each)) : [];
}

function isKept(value: unknown): value is KeptUpload {
  if (typeof value !== "object" || value === null) return false;
  const { id, server, path, name, sizeBytes, modifiedMs, bytes } = value as Record<string, unknown>;
  return (
    [id, server, path, name].every((each) => typeof each === "string") &&
    [sizeBytes, modifiedMs, bytes].every((each) => typeof each === "number")
  );
}
