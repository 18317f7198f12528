import { theme, type Theme } from "../state/theme.ts";
import { Icon } from "./icon.tsx";
import { texts } from "../texts/language.ts";

const next: Readonly<Record<Theme, Theme>> = { system: "dark", dark: "light", light: "system" };

const names = { system: "coloursSystem", light: "coloursLight", dark: "coloursDark" } as const;

export function ThemeButton() {
  return (
    <button
      type="button"
      class="quiet theme"
      onClick={() => (theme.value = next[theme.value])}
      aria-label={texts.value.page[names[theme.value]]}
      title={texts.value.page[names[theme.value]]}
    >
      <Icon name="light" />
    </button>
  );
}
