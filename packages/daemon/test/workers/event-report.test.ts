import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";
import type { ServerEvent } from "@sallyport/server";
import type { ServiceEvent } from "../../src/log/service-event.ts";
import { EventReport } from "../../src/workers/event-report.ts";

const whose = { atMs: 0, connection: 1, remoteAddress: "192.0.2.1", remotePort: 1 };
const refused: ServerEvent = { atMs: 0, kind: "connection-refused", remoteAddress: "192.0.2.1", cause: "x" };
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a transfer was does not matter here
const transfer = { ...whose, kind: "transfer", direction: "upload" } as ServerEvent;
/** One that is told from others by its octets. */
const download = (bytes: number): ServerEvent => ({ ...transfer, direction: "download", bytes }) as ServerEvent;

/** A report to a primary that reads when it is told to. */
function reporting() {
  const told: (readonly ServiceEvent[])[] = [];
  const sent: (() => void)[] = [];
  const said: ServiceEvent[] = [];
  const flush = () => void (said.length > 0 && told.push(said.splice(0)));
  const report = new EventReport({
    tell: (_name, argument, _socket, done) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a report tells nothing else
      said.push(...(structuredClone(argument) as readonly ServiceEvent[]));
      sent.push(() => done?.(null));
      setImmediate(flush);
    },
    flush,
  });
  return { report, told, drain: () => sent.splice(0).forEach((done) => done()) };
}

test("events of one turn go together; an upload goes at once, behind what came before it", async () => {
  const { report, told } = reporting();
  report.onEvent(refused);
  report.onEvent(refused);
  assert.equal(told.length, 0);
  report.onEvent(transfer);
  assert.deepEqual(
    told.map((events) => events.map(({ kind }) => kind)),
    [["connection-refused", "connection-refused", "transfer"]],
  );
  report.onEvent(refused);
  await turn();
  assert.equal(told.length, 2);
});

test("downloads that come fast go together, in order and in front of whatever goes at once", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { report, told, drain } = reporting();
  const shown = () =>
    told.splice(0).map((events) => events.map((event) => ("bytes" in event ? event.bytes : event.kind)));
  report.onEvent(download(1));
  assert.deepEqual(shown(), [[1]], "after a rest the first goes at once");
  report.onEvent(download(2));
  report.onEvent(download(3));
  await turn();
  assert.deepEqual(shown(), []);
  report.onEvent(transfer);
  assert.deepEqual(shown(), [[2, 3, "transfer"]]);
  report.onEvent(download(4));
  report.onEvent(download(5));
  t.mock.timers.tick(10);
  assert.deepEqual(shown(), [[4, 5]]);
  report.onEvent(download(6));
  report.onEvent(download(7));
  const flushed = report.flushed();
  assert.deepEqual(shown().flat(), [6, 7]);
  drain();
  await flushed;
  report.onEvent(download(8));
  assert.deepEqual(shown(), [[8]]);
});

test("a primary that does not keep up costs events of connections, and is told how many; deeds are kept", async () => {
  const { report, told, drain } = reporting();
  for (let count = 0; count < 25_000; count++) report.onEvent(refused);
  report.onEvent(transfer);
  const [events = []] = told;
  assert.equal(events.length, 20_002);
  assert.deepEqual(
    events.slice(-2).map((event) => ("linesCount" in event ? event.linesCount : event.kind)),
    ["transfer", 5000],
  );
  const flushed = report.flushed().then(() => "flushed");
  assert.equal(await Promise.race([flushed, turn("waiting")]), "waiting");
  drain();
  assert.equal(await flushed, "flushed");
});

test("an error arrives with its name, message and stack, whatever hangs on it", async () => {
  const { report, told } = reporting();
  const error = Object.assign(new TypeError("no"), { held: () => undefined });
  report.onEvent({ ...whose, kind: "internal-error", incident: "1", error });
  await turn();
  const [[event] = []] = told;
  assert.ok(event?.kind === "internal-error" && event.error instanceof Error);
  assert.equal(event.error.message, "TypeError: no");
  assert.equal(event.error.stack, error.stack);
});
