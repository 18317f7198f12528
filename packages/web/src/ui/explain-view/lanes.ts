import {
  type ExplainedHost,
  type ExplainEvent,
  type LaneLine,
  laneLines,
  type TlsMode,
} from "@sallyport/inspector/model";
import { element } from "./element.ts";
import type { Moment } from "./moments.ts";

export const modes: readonly TlsMode[] = ["explicit", "implicit"];

/** One row of the page: a moment, and what each mode did in it. `before` are the earlier events of both modes. */
export function momentRow(
  { atMs, of }: Moment,
  before: readonly ExplainEvent[],
  target: ExplainedHost,
  choose: (event: ExplainEvent, row: HTMLElement) => void,
): HTMLElement {
  const cells = modes.map((mode) => {
    const earlier = before.filter((event) => event.mode === mode);
    const cell = element("div", { class: `cell ${mode}`, role: "cell" });
    for (const event of of[mode]) {
      cell.append(...eventRows(event, earlier, target, choose));
      earlier.push(event);
    }
    return cell;
  });
  const time = element("div", { class: "time", role: "rowheader" }, timeText(atMs));
  return element("div", { class: "moment", role: "row" }, time, ...cells);
}

function eventRows(
  event: ExplainEvent,
  earlier: readonly ExplainEvent[],
  target: ExplainedHost,
  choose: (event: ExplainEvent, row: HTMLElement) => void,
): HTMLElement[] {
  const lines = laneLines([event], earlier, target);
  const main = lines.findIndex(({ style }) => style === "line");
  const detail = element("div", { class: "group" });
  const rows: HTMLElement[] = [];
  lines.forEach((line, at) => {
    const isChoosable = at === main && event.length > 0 && event.octets !== undefined;
    const row = lineRow(line, isChoosable);
    if (isChoosable) row.addEventListener("click", () => choose(event, row));
    if (line.style === "rule") rows.push(row);
    else {
      detail.append(row);
      if (!rows.includes(detail)) rows.push(detail);
    }
  });
  return rows;
}

const seals = { clear: "clear", readable: "readable", encrypted: "encrypted" } as const;

function lineRow({ text, arrow, seal, style, rail }: LaneLine, isChoosable: boolean): HTMLElement {
  const classes = ["line", style, `rail-${rail}`, ...(seal ? [`seal-${seal}`] : [])].join(" ");
  const row = isChoosable ? element("button", { class: classes, type: "button" }) : element("div", { class: classes });
  if (style === "rule") row.append(element("span", { class: "lock" }));
  if (arrow !== undefined) row.append(element("span", { class: "arrow" }, arrow === "to-server" ? "→" : "←"));
  row.append(element("span", { class: "text" }, text));
  if (seal !== undefined && style === "line") row.append(element("span", { class: "seal" }, seals[seal]));
  return row;
}

function timeText(atMs: number): string {
  return atMs < 1000 ? `${atMs.toFixed(1)} ms` : `${(atMs / 1000).toFixed(2)} s`;
}
