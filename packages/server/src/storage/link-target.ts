import type { Octets } from "@sallyport/protocol";

/** Where a link lies: the names from the root to its directory, the first of which are the floor of the view. */
export interface LinkPlace {
  readonly canonical: readonly Octets[];
  readonly floorCount: number;
}

/**
 * The names that a link's target asks to walk: from the link's directory where it is relative, from `top` where it is
 * absolute. Undefined where an absolute target does not begin with the names of `top` and so leads out.
 */
export function namesOfTarget(target: Octets, top: readonly Octets[]): Octets[] | undefined {
  const names = target.split("/") as Octets[];
  if (!target.startsWith("/")) return names;
  const plain = names.filter((name) => name !== "" && name !== ".");
  return top.every((name, at) => plain[at] === name) ? plain.slice(top.length) : undefined;
}

/** Whether a link at a place stays inside, as far as the text of its target tells; `root` is the root's own path. */
export function targetStaysInside(place: LinkPlace, target: Octets, root: readonly Octets[] = []): boolean {
  const floor = place.canonical.slice(0, place.floorCount);
  const names = namesOfTarget(target, [...root, ...floor]);
  if (names === undefined) return false;
  let depth = target.startsWith("/") ? 0 : place.canonical.length - place.floorCount;
  for (const name of names) {
    if (name === "..") depth--;
    else if (name !== "" && name !== ".") depth++;
    if (depth < 0) return false;
  }
  return true;
}
