import { effect, signal } from "@preact/signals";

/** `system` follows the browser. */
export type Theme = "system" | "light" | "dark";

const storageKey = "sallyport-theme";

export const theme = signal<Theme>(stored());

effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
  try {
    localStorage.setItem(storageKey, theme.value);
  } catch {
    // Without storage it holds until the page is left.
  }
});

function stored(): Theme {
  try {
    const found = localStorage.getItem(storageKey);
    return found === "light" || found === "dark" ? found : "system";
  } catch {
    return "system";
  }
}
