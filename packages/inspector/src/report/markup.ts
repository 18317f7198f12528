/** A text for HTML and XML, in elements and in quoted attributes; characters that XML does not know are left out. */
export function markup(text: string): string {
  // oxlint-disable-next-line no-control-regex -- those are what XML 1.0 §2.2 forbids
  const known = text.replaceAll(/[\x00-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]/g, "");
  return known.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
