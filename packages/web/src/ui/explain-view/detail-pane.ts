import type { ExplainEvent, FieldNode } from "@sallyport/inspector/model";
import { element } from "./element.ts";
import { referenceLink } from "./reference-link.ts";

/** Octets of one event in hexadecimal digits, and the tree of its fields; pointing at one side lights the other. */
export function detailPane(event: ExplainEvent): HTMLElement {
  const octets = event.octets?.match(/../g) ?? [];
  const cells = octets.map((digits, at) =>
    element("span", { class: "octet", title: `octet ${event.offset + at}` }, digits),
  );
  const rows: { readonly node: FieldNode; readonly row: HTMLElement }[] = [];
  const tree = treeOf(event.tree, rows);
  const light = (from: number, to: number, chosen: HTMLElement | undefined): void => {
    cells.forEach((cell, at) => cell.classList.toggle("lit", event.offset + at >= from && event.offset + at < to));
    for (const { row } of rows) row.classList.toggle("lit", row === chosen);
    for (const lit of [cells[from - event.offset], chosen]) if (lit) scrollWithin(lit);
  };
  for (const { node, row } of rows)
    for (const kind of ["pointerenter", "focus"]) row.addEventListener(kind, () => light(node.from, node.to, row));
  cells.forEach((cell, at) => {
    cell.addEventListener("pointerenter", () => {
      const offset = event.offset + at;
      const holding = rows.findLast(({ node }) => node.from <= offset && offset < node.to);
      if (holding) light(holding.node.from, holding.node.to, holding.row);
    });
  });
  const hint = event.clear ? ["Anyone on the wire reads these octets."] : sealedHint(event);
  return element(
    "section",
    { class: "detail", "aria-label": "Octets and fields" },
    element("p", { class: "hint" }, ...hint, ` ${event.length} octets from octet ${event.offset} of this direction.`),
    element(
      "div",
      { class: "columns" },
      element("div", { class: "octets", tabindex: "0" }, ...hexLines(cells, event.offset)),
      tree,
    ),
  );
}

/** Brings it into sight in its own column; the page itself stays where it is. */
function scrollWithin(lit: HTMLElement): void {
  const column = lit.closest<HTMLElement>(".columns > *");
  if (column === null) return;
  const [place, bounds] = [lit.getBoundingClientRect(), column.getBoundingClientRect()];
  if (place.top < bounds.top) column.scrollTop -= bounds.top - place.top;
  else if (place.bottom > bounds.bottom) column.scrollTop += place.bottom - bounds.bottom;
}

function sealedHint(event: ExplainEvent): readonly (Node | string)[] {
  if (event.kind !== "encrypted") return ["Inside TLS: nobody on the wire reads this line."];
  const ours = element("span", { class: "sealed-fields" }, " What is inside is what our end reads with its keys.");
  return ["On the wire these octets look like noise.", ours];
}

const octetsInLine = 16;

function hexLines(cells: readonly HTMLElement[], offset: number): HTMLElement[] {
  const lines: HTMLElement[] = [];
  for (let at = 0; at < cells.length; at += octetsInLine) {
    const number = (offset + at).toString(16).padStart(5, "0");
    const own = cells.slice(at, at + octetsInLine);
    const missing = Array.from({ length: octetsInLine - own.length }, () =>
      element("span", { class: "octet missing" }, "00"),
    );
    const letters = own.map((cell) => letterOf(cell.textContent)).join("");
    lines.push(
      element(
        "div",
        { class: "line" },
        element("b", {}, number),
        ...own,
        ...missing,
        element("i", { "aria-hidden": "true" }, letters),
      ),
    );
  }
  return lines;
}

/** As it looks where octets are printed: letters as they are, a dot for everything else. */
function letterOf(digits: string): string {
  const octet = Number.parseInt(digits, 16);
  return octet > 0x20 && octet < 0x7f ? String.fromCharCode(octet) : "·";
}

function treeOf(
  nodes: readonly FieldNode[],
  rows: { readonly node: FieldNode; readonly row: HTMLElement }[],
): HTMLElement {
  return element(
    "ul",
    { class: "tree" },
    ...nodes.map((node) => {
      const row = element("div", { class: "field", tabindex: "0" }, element("b", {}, node.name), ` ${node.value}`);
      if (node.note !== undefined) row.append(element("i", {}, node.note));
      if (node.rfc !== undefined) row.append(referenceLink(node.rfc));
      rows.push({ node, row });
      const below = node.children ? [treeOf(node.children, rows)] : [];
      // What stands below the encrypted part of a record is known by our keys alone.
      if (node.name === "encrypted") for (const one of below) one.classList.add("sealed-fields");
      return element("li", {}, row, ...below);
    }),
  );
}
