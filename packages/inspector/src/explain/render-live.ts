import type { ExplainEvent } from "../model/index.ts";
import {
  isStacked,
  renderEvents,
  renderHeading,
  renderSummary,
  sameTick,
  type RenderOptions,
} from "./render-terminal.ts";

/**
 * Draws an explanation while it happens, as pieces of {@link renderExplanation}: each piece is the lines that can be
 * printed now. Below 80 columns the modes stand one after the other, so that nothing but the title comes before the end.
 *
 * @throws whatever the iteration of the events throws.
 */
export async function* renderExplanationLive(
  events: AsyncIterable<ExplainEvent>,
  options: RenderOptions,
): AsyncGenerator<readonly string[], void, void> {
  const drawn: ExplainEvent[] = [];
  const waiting: ExplainEvent[] = [];
  const draw = () => {
    const lines = renderEvents(waiting, drawn, options);
    drawn.push(...waiting.splice(0));
    return lines;
  };
  yield renderHeading(options);
  for await (const event of withPauses(events)) {
    if (isStacked(options)) {
      if (event !== "pause") waiting.push(event);
      continue;
    }
    const first = waiting[0];
    if (first && (event === "pause" || !sameTick(first, event))) yield draw();
    if (event !== "pause") waiting.push(event);
  }
  if (waiting.length > 0) yield draw();
  yield renderSummary(drawn, options);
}

/** No event belongs to the same millisecond as one that came so long before it. */
const pauseMs = 40;

/** Yields the events, and once in each silence that a pause is long enough to draw what there is. */
async function* withPauses(events: AsyncIterable<ExplainEvent>): AsyncGenerator<ExplainEvent | "pause", void, void> {
  const iterator = events[Symbol.asyncIterator]();
  try {
    for (let next = iterator.next(); ; next = iterator.next()) {
      if ((await Promise.race([next, pause()])) === "pause") yield "pause";
      const result = await next;
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    await iterator.return?.();
  }
}

function pause(): Promise<"pause"> {
  return new Promise((resolve) => setTimeout(resolve, pauseMs, "pause").unref());
}
