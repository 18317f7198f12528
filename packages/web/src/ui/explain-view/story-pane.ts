import { captionOf, type ExplainEvent } from "@sallyport/inspector/model";
import { element } from "./element.ts";
import { referenceLink } from "./reference-link.ts";

/** What the view is of: the step, what came before it in its mode, and whether somebody stands in between. */
export interface StoryGround {
  readonly before: readonly ExplainEvent[];
  readonly isStripped: boolean;
  /** Only what somebody on the wire can know. */
  readonly isOutsider: boolean;
}

/** One step in plain words: who speaks, what it means, who can read it, where it is written. */
export function storyOf(event: ExplainEvent, ground: StoryGround): readonly HTMLElement[] {
  const { text, rfc } = captionOf(event, ground);
  const where = element(
    "b",
    { class: `mode ${event.mode}` },
    event.connection === "data" ? `${event.mode}, data` : event.mode,
  );
  const isSealed = !event.clear;
  const told =
    ground.isOutsider && isSealed
      ? `Somebody on the wire sees ${event.length > 0 && event.kind === "encrypted" ? `${event.length} octets of noise` : "nothing of this"}: not what it is, and not what it says.`
      : text;
  const readers = isSealed ? "only the two ends" : "anyone on the wire";
  return [
    element(
      "p",
      { class: "who" },
      where,
      element("span", {}, speakers[event.direction]),
      element("span", { class: `badge ${isSealed ? "sealed" : "open"}` }, isSealed ? "■ " : "□ ", readers),
    ),
    element("p", { class: "told" }, told, ...(rfc === undefined || told !== text ? [] : [" ", referenceLink(rfc)])),
  ];
}

/** What stands there before the first step. */
export function opening(hasSteps: boolean): readonly HTMLElement[] {
  const text = hasSteps
    ? "Two connections to the same server, side by side. Go through them step by step with ← and →, let them play, or choose any line to see its octets."
    : "Waiting for the first packet…";
  return [element("p", { class: "told" }, text)];
}

const speakers = { "to-server": "client → server", "to-client": "server → client" } as const;
