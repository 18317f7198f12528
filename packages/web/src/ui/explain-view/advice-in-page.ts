/** Advice on an explanation for who watches it in the page: where it speaks of flags of the command, of the form. */
export function adviceInPage(advice: string): string {
  return rows.reduce((text, [flags, words]) => text.replace(flags, words), advice);
}

const rows: readonly (readonly [flags: RegExp, words: string])[] = [
  [/name its ports with --explicit-port and --implicit-port/, "give its ports above"],
  [/Name another port with --(explicit|implicit)-port/, "Give another $1 port above"],
  [/say --(explicit|implicit)-port (\d+)/, "give $2 as the $1 port above"],
  [/try --(explicit|implicit)-port (\d+)/, "try $2 as the $1 port above"],
  [/, or wait longer with --timeout/, ""],
  [/Wait longer with --timeout, or look/, "Look"],
  [/, or leave the check out with --insecure/, ""],
  [/Give the (authority's )?certificate with --ca FILE/, "Have this gateway trust the $1certificate"],
  [/give the (authority's )?certificate with --ca FILE/, "have this gateway trust the $1certificate"],
];
