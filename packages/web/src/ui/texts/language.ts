import { computed, signal } from "@preact/signals";
import { english } from "./english.ts";
import type { Texts, Translation } from "./translation.ts";

/** The languages of this page, each by its own name. */
export const languages = { en: "English", de: "Deutsch", fr: "Français", es: "Español" } as const;

export type Language = keyof typeof languages;

/** The language that the page speaks. */
export const language = signal<Language>("en");

/** What the page says, in that language. */
export const texts = signal<Texts>(english);

/** What is the matter, by its cause or its code, where the gateway's own words are in another language. */
export const problemTexts = signal<Readonly<Record<string, string>>>({});

/** For dates and numbers: as the person's region writes them, where the browser tells it for this language. */
export const locale = computed(
  () => navigator.languages.find((each) => languageOf(each) === language.value) ?? language.value,
);

/** Speaks a language from now on, and after a reload. */
export async function chooseLanguage(wanted: Language): Promise<void> {
  await speak(wanted);
  try {
    localStorage.setItem(storageKey, wanted);
  } catch {
    // Without storage it holds until the page is left.
  }
}

/** Speaks what was chosen before, else what the browser prefers. */
export async function speakPreferred(): Promise<void> {
  const wanted = stored() ?? navigator.languages.map((each) => languageOf(each)).find((each) => each !== undefined);
  // Whoever cannot load a language still reads English.
  await speak(wanted ?? "en").catch(() => {});
}

const storageKey = "sallyport-language";

/** Each is a file of its own, loaded by those who speak it. */
const translations: Readonly<Record<Language, () => Promise<Translation>>> = {
  en: async () => ({ texts: english, problems: {} }),
  de: async () => (await import("./german.ts")).german,
  fr: async () => (await import("./french.ts")).french,
  es: async () => (await import("./spanish.ts")).spanish,
};

async function speak(wanted: Language): Promise<void> {
  const { texts: found, problems } = await translations[wanted]();
  language.value = wanted;
  texts.value = found;
  problemTexts.value = problems;
  document.documentElement.lang = wanted;
}

function languageOf(tag: string | null): Language | undefined {
  const name = tag?.toLowerCase().split("-", 1)[0] ?? "";
  return Object.hasOwn(languages, name) ? (name as Language) : undefined;
}

function stored(): Language | undefined {
  try {
    return languageOf(localStorage.getItem(storageKey));
  } catch {
    return undefined;
  }
}
