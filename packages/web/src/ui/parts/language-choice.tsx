import { chooseLanguage, type Language, language, languages, texts } from "../texts/language.ts";

/** In which language the page speaks. */
export function LanguageChoice() {
  return (
    <select
      class="language"
      aria-label={texts.value.common.language}
      value={language.value}
      onChange={({ currentTarget }) => void chooseLanguage(currentTarget.value as Language)}
    >
      {Object.entries(languages).map(([name, title]) => (
        <option key={name} value={name} lang={name}>
          {title}
        </option>
      ))}
    </select>
  );
}
