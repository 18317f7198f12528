import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import fc from "fast-check";
import {
  captionOf,
  type ExplainEvent,
  explain,
  type ExplainOptions,
  nextStep,
  renderExplanation,
  renderStep,
  summarise,
} from "@sallyport/inspector";
import { startTestServer, type TestServer } from "@sallyport/testing";

const credentials = { user: "alice", password: "secret" };

suite("an explanation that logs in, or is listened to", () => {
  let server: TestServer;
  const runs = new Map<string, readonly ExplainEvent[]>();
  const run = (name: string): readonly ExplainEvent[] => runs.get(name) ?? [];

  before(async () => {
    server = await startTestServer();
    const ports = { explicit: server.explicitPort, implicit: server.implicitPort };
    const ask = (options: ExplainOptions) =>
      Array.fromAsync(explain("localhost", { ports, ca: server.identity.ca, octets: true, ...options }));
    runs.set("login", await ask({ credentials }));
    runs.set("wrong", await ask({ credentials: { ...credentials, password: "wrong" } }));
    runs.set("required", await ask({ stripped: "required" }));
    runs.set("if-available", await ask({ stripped: "if-available", credentials }));
  });
  after(() => server[Symbol.asyncDispose]());

  test("the data connection of each mode continues the TLS of its control connection", () => {
    for (const mode of ["explicit", "implicit"] as const) {
      const data = run("login").filter((event) => event.mode === mode && event.connection === "data");
      const secured = data.find((event) => event.kind === "secured");
      assert.equal(secured?.kind === "secured" && secured.resumed, true, mode);
      const hello = data.flatMap((event) => (event.kind === "messages" ? event.messages : []))[0];
      assert.equal(hello?.kind === "client-hello" && hello.ticketsCount > 0, true, mode);
      assert.equal(
        data.some((event) => event.kind === "verification"),
        false,
        "no certificate is shown again",
      );
      assert.equal(summarise(run("login"), mode).problem, undefined);
    }
  });

  test("R-CLI-08 the password is in no event, not as text and not as octets", () => {
    const told = [...runs.values()].map((events) => JSON.stringify(events)).join("");
    assert.doesNotMatch(told, /PASS secret/);
    assert.doesNotMatch(told, new RegExp(Buffer.from("secret").toString("hex")));
    assert.match(told, /PASS \*\*\*\*/);
  });

  test("a wrong password is a problem in plain words", () => {
    const problems = run("wrong").flatMap((event) => (event.kind === "problem" ? [event.problem.id] : []));
    assert.deepEqual(problems, ["login-refused", "login-refused"]);
  });

  test("S-03 where AUTH is taken away only who is content with less says a name, and the server hears neither", () => {
    const said = (name: string) =>
      run(name).flatMap((event) => (event.kind === "command" && event.clear ? [event.line] : []));
    assert.deepEqual(said("required"), ["AUTH TLS", "QUIT"]);
    assert.deepEqual(said("if-available"), ["AUTH TLS", "USER alice", "PASS ****", "QUIT"]);
    const logins = server.events.filter(({ kind }) => kind === "login" || kind === "login-failed");
    assert.equal(logins.length, 4, "of the two runs that log in alone");
    assert.equal(summarise(run("if-available"), "implicit").reached, "tls");
  });

  test("every event has a caption of a sentence at least, also where events are missing", () => {
    for (const [name, events] of runs) {
      for (const [at, event] of events.entries()) {
        const earlier = events.slice(0, at).filter(({ mode }) => mode === event.mode);
        const { text } = captionOf(event, { before: earlier, isStripped: name === "required" });
        assert.match(text, /^[A-Z][^]{15,}[.?!]$/, `${event.kind}: ${text}`);
      }
    }
    const some = fc.subarray([...run("login")]);
    fc.assert(
      fc.property(some, fc.boolean(), (events, isStripped) => {
        for (const event of events) assert.ok(captionOf(event, { before: events, isStripped }).text.length > 15);
      }),
      { numRuns: 50 },
    );
  });

  test("steps fit the terminal, whatever its size, and stop at data connections alone where asked to", () => {
    const events = run("login");
    const target = { host: "localhost", ports: { explicit: 21, implicit: 990 }, colour: false } as const;
    for (const [width, height] of [
      [120, 40],
      [80, 24],
      [60, 30],
    ] as const) {
      for (const step of [1, 7, events.length]) {
        const place = { step, showsOctets: true, isDataOnly: false };
        const lines = renderStep(events, place, { ...target, width, height });
        assert.ok(lines.length >= height - 2, `${lines.length} lines of ${height}`);
        assert.match(lines.at(-1) ?? "", new RegExp(`^step ${step} of ${events.length}`));
      }
    }
    let step = 0;
    const stops: number[] = [];
    for (;;) {
      const next = nextStep(events, { step, showsOctets: false, isDataOnly: true }, 1);
      if (next === step) break;
      stops.push((step = next));
    }
    const data = events.flatMap(({ connection }, at) => (connection === "data" ? [at + 1] : []));
    assert.deepEqual(stops, data);
  });

  test("on a terminal the data connection has a rail of its own, in ASCII as well", () => {
    const options = { host: "localhost", ports: { explicit: 21, implicit: 990 }, width: 140, colour: false } as const;
    assert.match(renderExplanation(run("login"), options).join("\n"), /║ → ClientHello/);
    assert.match(renderExplanation(run("login"), { ...options, glyphs: "ascii" }).join("\n"), /% > ClientHello/);
  });
});
