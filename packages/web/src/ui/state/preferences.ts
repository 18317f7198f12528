import { effect, type Signal, signal } from "@preact/signals";

/** Whether names that begin with a dot are shown. */
export const showsHidden = remembered("sallyport-hidden", true);

/** Whether entries stand as tiles instead of lines. */
export const showsTiles = remembered("sallyport-tiles", false);

/** What a person chose, kept in this browser. */
function remembered(key: string, initial: boolean): Signal<boolean> {
  const chosen = signal(stored(key) ?? initial);
  effect(() => {
    const text = String(chosen.value);
    try {
      localStorage.setItem(key, text);
    } catch {
      // Without storage it holds until the page is left.
    }
  });
  return chosen;
}

function stored(key: string): boolean | undefined {
  try {
    const found = localStorage.getItem(key);
    return found === null ? undefined : found === "true";
  } catch {
    return undefined;
  }
}
