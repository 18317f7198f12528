/** A text for each plural category that its language has; `#` stands for the number. */
export type Forms = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string }>;

/** Makes texts with a number in them, in the form that the language demands for that number. */
export function plurals(language: string): (forms: Forms) => (count: number) => string {
  const rules = new Intl.PluralRules(language);
  const digits = new Intl.NumberFormat(language);
  return (forms) => (count) => (forms[rules.select(count)] ?? forms.other).replaceAll("#", digits.format(count));
}
