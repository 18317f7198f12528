/** A word as a POSIX shell takes it for one, quoted where it needs to be. */
export function shellWord(text: string): string {
  return /^[\w./~+:@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
