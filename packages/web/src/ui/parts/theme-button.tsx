import { theme, type Theme } from "../state/theme.ts";
import { Icon } from "./icon.tsx";

const next: Readonly<Record<Theme, Theme>> = { system: "dark", dark: "light", light: "system" };

export function ThemeButton() {
  return (
    <button
      type="button"
      class="quiet"
      onClick={() => (theme.value = next[theme.value])}
      aria-label={`Colours: ${theme.value}`}
    >
      <Icon name="light" />
    </button>
  );
}
