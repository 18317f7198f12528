import {
  conclude,
  type Conclusion,
  type ExplainedHost,
  type ExplainEvent,
  strippedWords,
  summarise,
} from "@sallyport/inspector/model";
import { detailPane } from "./detail-pane.ts";
import { element } from "./element.ts";
import { Lanes } from "./lanes.ts";
import { observerTable } from "./observer-table.ts";
import { opening, storyOf } from "./story-pane.ts";
import { summaryTable } from "./summary-table.ts";
import { stepAt, timelineOf } from "./timeline.ts";
import { viewStyle } from "./view-style.ts";

/** Who stands between client and server: nobody, or somebody who takes AUTH away from a client that wants TLS so much. */
export const interferences = ["none", "required", "if-available"] as const;
export type Interference = (typeof interferences)[number];

/** Runs that are there already, by who stood between. */
export type Recordings = Partial<Readonly<Record<Interference, readonly ExplainEvent[]>>>;

/**
 * `<sallyport-explain>`: the two modes of TLS side by side, from the events of an explanation, as they happen or from
 * recordings. It needs nothing of the page that it stands in, and nothing in it is markup of a server.
 *
 * Keys: ← and → go a step, Home and End to the first and the last, Space plays, O shows what somebody on the wire sees.
 */
export class ExplainView extends HTMLElement {
  /** Asked for a run with somebody in between, where it can be made. */
  onInterference: ((interference: Interference) => void) | undefined;
  /** Words advice for the place where the view is; by default as the command does. */
  adviceHere: (advice: string) => string = (advice) => advice;
  readonly #parts = partsOf();
  #lanes: Lanes | undefined;
  #target: ExplainedHost = { host: "", ports: { explicit: 21, implicit: 990 } };
  #recordings: Recordings = {};
  #step = 0;
  #isOver = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(viewStyle);
    root.adoptedStyleSheets = [sheet];
    root.append(this.#parts.root);
    this.#listen();
  }

  /** Starts over for a server. */
  begin(target: ExplainedHost): void {
    this.#pause();
    this.#target = target;
    this.#isOver = false;
    this.#step = 0;
    const lanes = new Lanes(target, this.interference !== "none", (step) => this.#choose(step));
    this.#lanes = lanes;
    const { table, detail, summary, story } = this.#parts;
    table.replaceChildren(lanes.root);
    detail.replaceChildren();
    summary.replaceChildren();
    story.replaceChildren(...opening(false));
  }

  /** Shows what happened next. */
  add(event: ExplainEvent): void {
    this.#lanes?.add(event);
    const count = this.#lanes?.steps.length ?? 0;
    this.#parts.scrubber.max = String(count);
    this.#goTo(count, { isQuiet: true });
  }

  /** Everything has happened: what it comes to. */
  end(): Conclusion {
    const conclusion = conclude(this.#events, this.#target);
    this.#isOver = true;
    const { interference } = this;
    const words = interference === "none" ? undefined : strippedWords[interference];
    this.#parts.summary.replaceChildren(summaryTable(conclusion, this.adviceHere(conclusion.advice), words));
    this.#parts.story.replaceChildren(...opening(true));
    return conclusion;
  }

  /** Plays what was recorded; who may stand between can be chosen as far as there are recordings. */
  play(target: ExplainedHost, recordings: Recordings): void {
    this.#recordings = recordings;
    const { between } = this.#parts;
    for (const option of between.options) option.disabled = recordings[option.value as Interference] === undefined;
    between.closest("label")?.toggleAttribute("hidden", Object.keys(recordings).length < 2);
    this.#playRecording(target, "none");
  }

  get interference(): Interference {
    return this.#parts.between.value as Interference;
  }

  get #events(): readonly ExplainEvent[] {
    return (this.#lanes?.steps ?? []).map(({ event }) => event);
  }

  #playRecording(target: ExplainedHost, interference: Interference): void {
    this.begin(target);
    for (const event of this.#recordings[interference] ?? []) this.add(event);
    this.end();
  }

  #listen(): void {
    const { play, back, forth, all, scrubber, outsider, between, chart } = this.#parts;
    all.addEventListener("click", () => this.#choose(this.#events.length));
    new ResizeObserver(() => this.#drawChart()).observe(chart);
    play.addEventListener("click", () => this.#togglePlay());
    back.addEventListener("click", () => this.#stepBy(-1));
    forth.addEventListener("click", () => this.#stepBy(1));
    scrubber.addEventListener("input", () => this.#choose(Number(scrubber.value)));
    outsider.addEventListener("change", () => this.#showOutsider(outsider.checked));
    between.addEventListener("change", () => {
      if (this.#recordings[this.interference]) this.#playRecording(this.#target, this.interference);
      else this.onInterference?.(this.interference);
    });
    chart.addEventListener("click", (event) => {
      const { left, width } = chart.getBoundingClientRect();
      this.#choose(stepAt(this.#events, event.clientX - left, width));
    });
    this.shadowRoot?.addEventListener("keydown", (event) => this.#onKey(event as KeyboardEvent));
  }

  #onKey(event: KeyboardEvent): void {
    const isTaken = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (isTaken || event.ctrlKey || event.metaKey || event.altKey) return;
    const acts: Readonly<Record<string, () => void>> = {
      ArrowRight: () => this.#stepBy(1),
      ArrowLeft: () => this.#stepBy(-1),
      Home: () => this.#choose(1),
      End: () => this.#choose(this.#events.length),
      o: () => this.#showOutsider(!this.#parts.outsider.checked),
      ...(event.target instanceof HTMLButtonElement ? {} : { " ": () => this.#togglePlay() }),
    };
    const act = acts[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  }

  #stepBy(steps: number): void {
    const isFresh = this.#isOver && this.#step === this.#events.length && this.#parts.detail.childElementCount === 0;
    this.#choose(isFresh && steps > 0 ? 1 : Math.min(Math.max(1, this.#step + steps), this.#events.length));
  }

  #choose(step: number): void {
    this.#goTo(step, { isQuiet: false });
  }

  #goTo(step: number, { isQuiet }: { readonly isQuiet: boolean }): void {
    const { scrubber, position, observer, story, detail } = this.#parts;
    const events = this.#events;
    this.#step = step;
    this.#lanes?.show(step);
    scrubber.value = String(step);
    position.textContent = `${step} of ${events.length}`;
    this.#drawChart();
    const seen = events.slice(0, step);
    observer.replaceChildren(observerTable(summarise(seen, "explicit"), summarise(seen, "implicit")));
    const event = events[step - 1];
    if (isQuiet || event === undefined) return;
    const before = seen.slice(0, -1).filter(({ mode }) => mode === event.mode);
    const isOutsider = this.hasAttribute("outsider");
    story.replaceChildren(...storyOf(event, { before, isStripped: this.interference !== "none", isOutsider }));
    // Lines inside TLS have octets as our end reads them, which somebody on the wire never sees.
    const isSeen = event.clear || event.kind === "encrypted" || !isOutsider;
    detail.replaceChildren(...(event.octets === undefined || !isSeen ? [] : [detailPane(event)]));
    this.#lanes?.steps[step - 1]?.line.scrollIntoView({ block: "nearest" });
  }

  #drawChart(): void {
    const { chart } = this.#parts;
    if (chart.clientWidth > 0) chart.replaceChildren(timelineOf(this.#events, this.#step, chart.clientWidth));
  }

  #showOutsider(isOutsider: boolean): void {
    this.#parts.outsider.checked = isOutsider;
    this.toggleAttribute("outsider", isOutsider);
    for (const line of this.#parts.table.querySelectorAll("button.seal-encrypted.detail"))
      if (isOutsider) line.setAttribute("aria-label", "encrypted: nobody on the wire reads it");
      else line.removeAttribute("aria-label");
    if (this.#parts.detail.childElementCount > 0) this.#choose(this.#step);
  }

  #togglePlay(): void {
    if (this.#timer !== undefined) return this.#pause();
    this.#parts.play.textContent = "⏸ Pause";
    if (this.#step >= this.#events.length) this.#step = 0;
    this.#timer = setInterval(() => {
      if (this.#step >= this.#events.length) this.#pause();
      else this.#choose(this.#step + 1);
    }, stepMs);
  }

  #pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#parts.play.textContent = "▶ Play";
  }
}

/** Slow enough to be read: what took a tenth of a second takes a minute. */
const stepMs = 1400;

function partsOf() {
  const play = element("button", { type: "button", class: "play" }, "▶ Play");
  const back = element("button", { type: "button", "aria-label": "One step back", title: "One step back (←)" }, "←");
  const forth = element("button", { type: "button", "aria-label": "One step on", title: "One step on (→)" }, "→");
  const all = element("button", { type: "button", title: "All steps (End)" }, "All");
  const scrubber = element("input", { type: "range", min: "0", max: "0", value: "0", "aria-label": "Steps shown" });
  const position = element("output", { class: "position" }, "");
  const outsider = element("input", { type: "checkbox" });
  const between = element(
    "select",
    {},
    element("option", { value: "none" }, "nobody in between"),
    element("option", { value: "if-available" }, "AUTH taken away; the client takes TLS if there is any"),
    element("option", { value: "required" }, "AUTH taken away; the client requires TLS"),
  );
  const chart = element("div", { class: "chart" });
  const observer = element("div", { class: "observer" });
  const story = element("div", { class: "story", "aria-live": "polite" });
  const table = element("div", { class: "lanes", role: "table", "aria-label": "Both modes side by side" });
  const summary = element("div");
  const detail = element("div", { class: "pane" });
  const bar = [back, play, forth, all, scrubber, position];
  const root = element(
    "div",
    // A click anywhere brings the keys here; on the element itself it would keep Tab out of all that is inside.
    { class: "view", tabindex: "-1" },
    element(
      "div",
      { class: "options" },
      element("label", { class: "toggle" }, outsider, " as somebody on the wire sees it"),
      element("label", { class: "toggle" }, element("span", {}, "what if"), between),
    ),
    element(
      "div",
      { class: "top" },
      element("div", { class: "controls", role: "toolbar", "aria-label": "Steps" }, ...bar),
      chart,
      story,
    ),
    legend(),
    element("div", { class: "stage" }, table, element("div", { class: "side" }, detail, observer)),
    summary,
  );
  const choices = { play, back, forth, all, scrubber, outsider, between };
  return { ...choices, root, position, chart, observer, story, table, summary, detail };
}

function legend(): HTMLElement {
  const keys = ["← →", "Home", "End", "Space", "O"].map((key) => element("kbd", {}, key));
  return element(
    "p",
    { class: "legend" },
    element("span", { class: "keys" }, "Keys: ", ...keys),
    ...(
      [
        ["seal-clear", "□ clear", "anyone on the wire reads it"],
        ["seal-readable", "□ readable", "what TLS itself shows without keys"],
        ["seal-encrypted", "■ encrypted", "only the two ends read it"],
      ] as const
    ).map(([kind, word, meaning]) =>
      element("span", { class: "entry" }, element("span", { class: kind }, word), ` ${meaning}`),
    ),
  );
}
