import { element } from "./element.ts";

/** Makes a link of a reference such as `RFC 4217 §4.2`, to the section itself; what is no RFC stays text. */
export function referenceLink(reference: string): HTMLElement {
  const [, number, section] = /^RFC (\d+)(?: (?:§|appendix )?([A-Z\d.]+))?/.exec(reference) ?? [];
  if (number === undefined) return element("small", { class: "reference" }, reference);
  const place = section === undefined ? "" : `#${/^[A-Z]/.test(section) ? "appendix" : "section"}-${section}`;
  const href = `https://www.rfc-editor.org/rfc/rfc${number}${place}`;
  return element("a", { class: "reference", href, target: "_blank", rel: "noreferrer" }, reference);
}
