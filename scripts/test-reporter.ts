import { relative } from "node:path";
import { Readable } from "node:stream";
import type { EventData } from "node:test";
import { spec, type TestEvent } from "node:test/reporters";

/**
 * Reports a run as node's `spec` reporter does, less what went well: one line for each test file, every failure in
 * full, every reason for a skip once, and node's own totals at the end.
 */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncIterable<string> {
  yield* Readable.from(condensed(events)).pipe(new spec());
}

async function* condensed(events: AsyncIterable<TestEvent>): AsyncIterable<TestEvent> {
  const skips = new Map<string, number>();
  for await (const event of events) {
    if (event.type === "test:pass") noteSkip(skips, event.data.skip);
    else if (event.type === "test:summary") {
      if (event.data.file !== undefined) yield lineOf(fileLine(event.data.file, event.data));
    } else if (shownTypes.has(event.type)) {
      if (isFirstTotal(event)) for (const [reason, count] of skips) yield lineOf(`skipped ${count}: ${reason}`);
      yield event;
    }
  }
}

const shownTypes = new Set<TestEvent["type"]>(["test:fail", "test:diagnostic", "test:stdout", "test:stderr"]);

function noteSkip(skips: Map<string, number>, reason: string | boolean | undefined): void {
  if (reason === undefined || reason === false) return;
  const text = reason === true ? "no reason given" : reason;
  skips.set(text, (skips.get(text) ?? 0) + 1);
}

function isFirstTotal(event: TestEvent): boolean {
  return event.type === "test:diagnostic" && event.data.file === undefined && event.data.message.startsWith("tests ");
}

function fileLine(file: string, { counts, duration_ms: ms, success }: EventData.TestSummary): string {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  const time = `${(ms / 1000).toFixed(1)} s`;
  return `${success ? "✔" : "✖"} ${relative(process.cwd(), file)} (${counts.passed} of ${counts.tests} passed${skipped}, ${time})`;
}

/** The spec reporter prints what a test wrote as it is, which lets it print a line of ours. */
function lineOf(text: string): TestEvent {
  return { type: "test:stdout", data: { file: "", message: `${text}\n` } };
}
