import { escapeControls } from "@sallyport/protocol";

/** A count of octets in words. */
export function octetCount(count: number): string {
  return count === 1 ? "1 octet" : `${count} octets`;
}

/** Names one after another, or `none`. */
export function list(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(" ");
}

/** Text of a peer, safe to be shown. */
export function shownText(text: string): string {
  return escapeControls(text);
}
