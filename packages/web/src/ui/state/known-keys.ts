/** Keys of servers that a person has trusted in this browser, by `host:port`. A key is no secret. */

const storageKey = "sallyport-known-keys";

export function knownKey(server: string): string | undefined {
  const pin = readAll()[server];
  return typeof pin === "string" ? pin : undefined;
}

export function rememberKey(server: string, pin: string): void {
  write({ ...readAll(), [server]: pin });
}

export function forgetKey(server: string): void {
  const { [server]: _, ...kept } = readAll();
  write(kept);
}

function readAll(): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(storageKey) ?? "{}");
    return typeof found === "object" && found !== null ? { ...found } : {};
  } catch {
    return {};
  }
}

function write(keys: Record<string, unknown>): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify(keys));
  } catch {
    // Without storage a key is trusted for as long as the page is open.
  }
}
