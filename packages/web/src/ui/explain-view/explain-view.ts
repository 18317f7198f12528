import { conclude, type Conclusion, type ExplainedHost, type ExplainEvent } from "@sallyport/inspector/model";
import { detailPane } from "./detail-pane.ts";
import { element } from "./element.ts";
import { modes, momentRow } from "./lanes.ts";
import { type Moment, withEvent } from "./moments.ts";
import { summaryTable } from "./summary-table.ts";
import { viewStyle } from "./view-style.ts";

/**
 * `<sallyport-explain>`: the two modes of TLS side by side, from the events of an explanation, as they happen or from a
 * recording. It needs nothing of the page that it stands in, and nothing in it is markup of a server.
 */
export class ExplainView extends HTMLElement {
  readonly #rows = element("div", { class: "moments", role: "rowgroup" });
  readonly #detail = element("div", { class: "pane" });
  readonly #summary = element("div");
  readonly #until = element("input", { type: "range", min: "0", max: "0", value: "0", "aria-label": "Moments shown" });
  readonly #play = element("button", { type: "button" }, "▶ Play");
  #target: ExplainedHost = { host: "", ports: { explicit: 21, implicit: 990 } };
  #events: ExplainEvent[] = [];
  #moments: readonly Moment[] = [];
  #chosen: HTMLElement | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(viewStyle);
    root.adoptedStyleSheets = [sheet];
    const attacker = element("input", { type: "checkbox" });
    attacker.addEventListener("change", () => this.toggleAttribute("outsider", attacker.checked));
    this.#until.addEventListener("input", () => this.#show(Number(this.#until.value)));
    this.#play.addEventListener("click", () => this.#togglePlay());
    root.append(
      element(
        "div",
        { class: "controls" },
        this.#play,
        this.#until,
        element("label", {}, attacker, " as somebody on the wire sees it"),
      ),
      element(
        "p",
        { class: "legend" },
        element("span", { class: "seal-clear" }, "clear"),
        " anyone on the wire reads it · ",
        element("span", { class: "seal-readable" }, "readable"),
        " what TLS itself shows without keys · ",
        element("span", { class: "seal-encrypted" }, "encrypted"),
        " only the two ends read it",
      ),
      element("div", { class: "lanes", role: "table", "aria-label": "Both modes side by side" }, this.#rows),
      this.#summary,
      this.#detail,
    );
  }

  /** Starts over for a server. */
  begin(target: ExplainedHost): void {
    clearInterval(this.#timer);
    this.#target = target;
    this.#events = [];
    this.#moments = [];
    this.#rows.replaceChildren(heading(target));
    this.#detail.replaceChildren();
    this.#summary.replaceChildren();
  }

  /** Shows what happened next. */
  add(event: ExplainEvent): void {
    const countBefore = this.#moments.length;
    const before = this.#events.filter((other) => !this.#moments.at(-1)?.of[other.mode].includes(other));
    this.#moments = withEvent(this.#moments, event);
    const isNew = this.#moments.length > countBefore;
    const last = this.#moments.at(-1);
    if (last === undefined) return;
    const row = momentRow(last, isNew ? this.#events : before, this.#target, (chosen, button) =>
      this.#choose(chosen, button),
    );
    if (isNew) this.#rows.append(row);
    else this.#rows.lastElementChild?.replaceWith(row);
    this.#events.push(event);
    this.#until.max = String(this.#moments.length);
    this.#until.value = this.#until.max;
  }

  /** Everything has happened: what it comes to. */
  end(): Conclusion {
    const conclusion = conclude(this.#events, this.#target);
    this.#summary.replaceChildren(summaryTable(conclusion));
    return conclusion;
  }

  #choose(event: ExplainEvent, row: HTMLElement): void {
    this.#chosen?.removeAttribute("aria-pressed");
    this.#chosen = row;
    row.setAttribute("aria-pressed", "true");
    this.#detail.replaceChildren(detailPane(event));
  }

  #show(count: number): void {
    [...this.#rows.children].forEach((row, at) => row.toggleAttribute("hidden", at > count));
  }

  #togglePlay(): void {
    const isPlaying = this.#timer !== undefined;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#play.textContent = isPlaying ? "▶ Play" : "⏸ Pause";
    if (isPlaying) return;
    let count = Number(this.#until.value) >= this.#moments.length ? 0 : Number(this.#until.value);
    this.#timer = setInterval(() => {
      this.#until.value = String(++count);
      this.#show(count);
      if (count >= this.#moments.length) this.#togglePlay();
    }, stepMs);
  }
}

/** Slow enough to be followed: what took a tenth of a second takes half a minute. */
const stepMs = 700;

function heading({ ports }: ExplainedHost): HTMLElement {
  const begins = { explicit: "begins in clear", implicit: "begins in TLS" };
  return element(
    "div",
    { class: "moment heading", role: "row" },
    element("div", { class: "time" }),
    ...modes.map((mode) =>
      element(
        "div",
        { class: "cell", role: "columnheader" },
        element("b", {}, `${mode} :${ports[mode]}`),
        ` ${begins[mode]}`,
      ),
    ),
  );
}
