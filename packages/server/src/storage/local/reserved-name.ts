import type { Octets } from "@sallyport/protocol";

/**
 * The one name that a local directory keeps for itself: staged files, kept parts and claims lie in directories of this
 * name. Peers neither see nor reach it, at any depth and, for file systems that fold case, in any case.
 */
export const reservedName = ".sallyport" as Octets;

export function isReservedName(name: Octets): boolean {
  return name.length === reservedName.length && name.toLowerCase() === reservedName;
}
