import type { LoginFacts } from "@sallyport/server/accounts";
import type { SecurityContextFacts } from "@sallyport/transport";

/** The peer of a security context, with the accounts that the map or else the mechanism gives it. */
export function principalOf(
  { peerName: name, localName }: SecurityContextFacts,
  principals?: ReadonlyMap<string, readonly string[]>,
): NonNullable<LoginFacts["principal"]> {
  return { name, accountNames: principals?.get(name) ?? (localName === undefined ? [] : [localName]) };
}

/**
 * Reads a map of principals: a line for each, `PRINCIPAL ACCOUNT...`, with `#` for the rest of a line that is a comment.
 * A principal alone on its line has no account, whatever the mechanism says; one with several lines has all of theirs.
 */
export function parsePrincipals(text: string): ReadonlyMap<string, readonly string[]> {
  const principals = new Map<string, readonly string[]>();
  for (const line of text.split("\n")) {
    const [name = "", ...accountNames] = line
      .replace(/(?:^|\s)#.*/, "")
      .trim()
      .split(/[\s,]+/);
    if (name !== "") principals.set(name, [...(principals.get(name) ?? []), ...accountNames]);
  }
  return principals;
}
