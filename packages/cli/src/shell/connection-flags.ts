import { clientFlags } from "../client-flags.ts";
import { kebab } from "../command-facts.ts";
import { settingTable } from "./settings.ts";

/** Flags of connections, which the shell has itself and its commands have not. */
export const connectionFlags: ReadonlySet<string> = new Set(
  Object.keys(clientFlags).filter((name) => !["json", "quiet", "explain"].includes(name)),
);

/** What does in the shell what a flag of connections does elsewhere; undefined for other flags. */
export function placeOfFlag(given: string): string | undefined {
  const name = kebab(given.replace(/^-+/, ""));
  if (![...connectionFlags].some((flag) => kebab(flag) === name)) return undefined;
  return Object.hasOwn(settingTable, name)
    ? `"set ${name}" does that for all commands together`
    : 'it is about connections, so give it to "sallyport shell"';
}
