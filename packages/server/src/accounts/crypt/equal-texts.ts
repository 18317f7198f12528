import { timingSafeEqual } from "node:crypto";

/** Compares two hashes in a time that tells nothing but their lengths. */
export function equalTexts(computed: string, stored: string): boolean {
  const ours = Buffer.from(computed, "utf8");
  const theirs = Buffer.from(stored, "utf8");
  return ours.length === theirs.length && timingSafeEqual(ours, theirs);
}
