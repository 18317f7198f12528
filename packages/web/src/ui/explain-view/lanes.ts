import {
  type ExplainedHost,
  type ExplainEvent,
  type LaneLine,
  laneLines,
  type TlsMode,
} from "@sallyport/inspector/model";
import { element } from "./element.ts";

export const modes: readonly TlsMode[] = ["explicit", "implicit"];

/** What happens within less than this stands in one row, as on the terminal. */
const momentMs = 0.8;

/** What one event shows. */
export interface Step {
  readonly event: ExplainEvent;
  /** Its lines and marks; the first line is what a person chooses it by. */
  readonly shown: readonly HTMLElement[];
  readonly row: HTMLElement;
  /** The line that stands for it. */
  readonly line: HTMLElement;
}

/** Both modes beside each other, a row for each moment; events are added as they happen. */
export class Lanes {
  readonly root = element("div", { class: "moments", role: "rowgroup" });
  readonly steps: Step[] = [];
  readonly #target: ExplainedHost;
  readonly #choose: (step: number) => void;
  readonly #isStripped: boolean;
  readonly #earlier: Record<TlsMode, ExplainEvent[]> = { explicit: [], implicit: [] };
  #moment: Moment | undefined;

  /** `isStripped`: somebody stands in between who answers AUTH, and what follows, for the server. */
  constructor(target: ExplainedHost, isStripped: boolean, choose: (step: number) => void) {
    this.#target = target;
    this.#isStripped = isStripped;
    this.#choose = choose;
    this.root.append(heading(target, isStripped));
  }

  add(event: ExplainEvent): void {
    if (this.#moment === undefined || event.atMs - this.#moment.atMs >= momentMs)
      this.#moment = this.#newMoment(event.atMs);
    const { row, cells } = this.#moment;
    const earlier = this.#earlier[event.mode];
    const lines = laneLines([event], earlier, this.#target);
    const number = this.steps.length + 1;
    const main = Math.max(
      0,
      lines.findIndex(({ style }) => style === "line" || style === "problem"),
    );
    const shown = lines.map((line, at) => {
      const made = lineRow(line, at === main);
      if (at === main && this.#isStripped && isForged(event, earlier))
        made.append(element("span", { class: "forged" }, "not the server"));
      made.classList.toggle("extra", isExtra(lines, at));
      if (at === main) made.addEventListener("click", () => this.#choose(number));
      return made;
    });
    cells[event.mode].append(...shown);
    row.classList.add(`has-${event.mode}`);
    earlier.push(event);
    this.steps.push({ event, shown, row, line: shown[main] ?? row });
  }

  /** Shows what happened up to a step, and marks that. */
  show(upTo: number): void {
    const rows = new Set<HTMLElement>();
    for (const [at, { shown, row, line }] of this.steps.entries()) {
      const isLater = at >= upTo;
      for (const one of shown) {
        one.hidden = isLater;
        one.classList.toggle("open", at === upTo - 1);
      }
      if (!isLater) rows.add(row);
      line.toggleAttribute("aria-current", at === upTo - 1);
      if (at === upTo - 1) line.setAttribute("aria-current", "step");
    }
    for (const { row } of this.steps) row.hidden = !rows.has(row);
  }

  #newMoment(atMs: number): Moment {
    const cells = {
      explicit: element("div", { class: "cell explicit", role: "cell" }),
      implicit: element("div", { class: "cell implicit", role: "cell" }),
    };
    const time = element("div", { class: "time", role: "rowheader" }, timeText(atMs));
    const row = element("div", { class: "moment", role: "row" }, time, cells.explicit, cells.implicit);
    this.root.append(row);
    return { atMs, row, cells };
  }
}

interface Moment {
  readonly atMs: number;
  readonly row: HTMLElement;
  readonly cells: Record<TlsMode, HTMLElement>;
}

/** A reply to AUTH or to what follows it, where AUTH was taken away. */
function isForged(event: ExplainEvent, earlier: readonly ExplainEvent[]): boolean {
  if (event.kind !== "reply" || !event.clear || event.mode !== "explicit") return false;
  const asked = earlier.findLast(({ kind }) => kind === "command");
  return asked?.kind === "command" && !asked.line.startsWith("QUIT");
}

/** Of a hello only the first detail is always there; the others come with its step. */
function isExtra(lines: readonly LaneLine[], at: number): boolean {
  const [line, before] = [lines[at], lines[at - 1]];
  return line?.style === "detail" && line.seal === "readable" && before?.style === "detail";
}

function lineRow({ text, arrow, seal, style, rail, connection }: LaneLine, isChoosable: boolean): HTMLElement {
  const rails = connection === "data" ? "rail-data" : `rail-${rail}`;
  const classes = ["line", style, rails, ...(seal ? [`seal-${seal}`] : [])].join(" ");
  const row = isChoosable ? element("button", { class: classes, type: "button" }) : element("div", { class: classes });
  if (style === "rule") row.append(element("span", { class: "lock" }));
  if (arrow !== undefined)
    row.append(element("span", { class: "arrow", "aria-hidden": "true" }, arrow === "to-server" ? "→" : "←"));
  row.append(element("span", { class: "text" }, text));
  if (seal !== undefined && style === "line") row.append(element("span", { class: "seal" }, seal));
  return row;
}

function heading({ ports }: ExplainedHost, isStripped: boolean): HTMLElement {
  const begins = {
    explicit: isStripped ? "AUTH is taken away on the way" : "begins in clear, AUTH TLS turns it",
    implicit: "is TLS from its first octet",
  };
  return element(
    "div",
    { class: "moment heading", role: "row" },
    element("div", { class: "time", role: "columnheader" }, "time"),
    ...modes.map((mode) =>
      element(
        "div",
        { class: `cell ${mode}`, role: "columnheader" },
        element("b", {}, `${mode} :${ports[mode]}`),
        element("span", { class: "begins" }, begins[mode]),
      ),
    ),
  );
}

function timeText(atMs: number): string {
  return atMs < 1000 ? `${atMs.toFixed(1)} ms` : `${(atMs / 1000).toFixed(2)} s`;
}
