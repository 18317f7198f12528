import assert from "node:assert/strict";
import { createSecureContext } from "node:tls";
import { after, before, describe, test } from "node:test";
import type { Verdict } from "../src/checks/check.ts";
import { checks } from "../src/checks/table.ts";
import { ConnectionBudget } from "../src/probes/budget.ts";
import { gather, type FactName, type Facts } from "../src/probes/gather.ts";
import { missing } from "../src/probes/gathered.ts";
import type { HelloName } from "../src/probes/hellos.ts";
import type { InspectedServer } from "../src/probes/inspected-server.ts";
import { host, identity, soundRecords, soundTls } from "./corpus.ts";
import { startFaultyServer, type FaultyServer } from "./faulty-server.ts";
import { startNameServer } from "./name-server.ts";

const every = new Set(checks.flatMap(({ needs }) => needs));

describe("no check passes because its probe was not made", () => {
  let server: FaultyServer;
  let facts: Facts;

  before(async () => {
    server = await startFaultyServer({ tls: soundTls });
    await using names = await startNameServer(soundRecords);
    facts = await gather(inspectedServer(server, names.address), every);
  });
  after(() => server[Symbol.asyncDispose]());

  test("with all probes made each check says something, and what it saw", () => {
    for (const { id, name, judge } of checks) {
      const said = judge(facts, undefined);
      if ("untested" in said) assert.match(said.untested, /no other address/, `${id} ${name}`);
      else assert.ok(said.length > 0 && said.every(({ evidence }) => evidence.length > 0), `${id} ${name}`);
    }
  });

  test("a whole fact that is missing leaves every check untested that needs it", () => {
    for (const fact of every) {
      const without = { ...facts, [fact]: missing("dropped") };
      for (const { id, name, needs, judge } of checks) {
        const said = judge(without, undefined);
        if (needs.includes(fact)) assert.deepEqual(said, { untested: "dropped" }, `${id} ${name} without ${fact}`);
        else assert.deepEqual(said, judge(facts, undefined), `${id} ${name} with ${fact} dropped`);
      }
    }
  });

  test("a hello that was not sent is never taken for one that was refused", () => {
    assert.ok(facts.hellos.kind === "known");
    const { value } = facts.hellos;
    const names = Object.keys(value.answers) as HelloName[];
    assert.ok(names.length > 15);
    for (const name of names) {
      const answers = { ...value.answers, [name]: { kind: "missing", text: "dropped" } as const };
      assertNothingUnasked(dropped("hellos", { ...value, answers }), `without ${name}`);
    }
    const allMissing = Object.fromEntries(names.map((name) => [name, { kind: "missing", text: "dropped" } as const]));
    assertNothingUnasked(dropped("hellos", { ...value, answers: allMissing, earlyChange: undefined }), "without any");
  });

  test("a step of a login that was not made is never taken for one that was refused", () => {
    assert.ok(facts.login.kind === "known");
    const { value } = facts.login;
    for (const step of ["fresh", "resumed", "resumedAgain", "foreign", "clear", "extendedAll"] as const) {
      assertNothingUnasked(dropped("login", { ...value, [step]: undefined }), `without ${step}`);
    }
    for (const step of ["theft", "unclaimed", "abort"] as const) {
      const conduct = { ...value.conduct, [step]: undefined };
      assertNothingUnasked(dropped("login", { ...value, conduct }), `without ${step}`);
    }
    const unlisted = { ...value, conduct: { ...value.conduct, features: [] } };
    assertNothingUnasked(dropped("login", unlisted), "without features");
  });

  test("an upload that was not made is never taken for one that went well", () => {
    assert.ok(facts.writing.kind === "known");
    for (const step of ["cut", "empty"] as const) {
      const said = dropped("writing", { ...facts.writing.value, [step]: undefined });
      assert.equal(said.filter(({ judged }) => "untested" in judged).length, 1, step);
    }
  });

  test("the inside of a mode that was not seen leaves nothing to say of it", () => {
    assert.ok(facts.modes.kind === "known");
    assertNothingUnasked(dropped("modes", {}), "without modes");
  });

  /** What every check that needs a fact says once a part of it is gone. */
  function dropped(fact: FactName, value: object) {
    const changed = { ...facts, [fact]: { kind: "known", value } } as Facts;
    return checks
      .filter(({ needs }) => needs.includes(fact))
      .map(({ id, name, judge }) => ({ check: `${id} ${name}`, judged: judge(changed, undefined) }));
  }
});

type Said = readonly { readonly check: string; readonly judged: readonly Verdict[] | { readonly untested: string } }[];

/** Nothing is in order that rests on what was not asked, and everything that is said has its evidence. */
function assertNothingUnasked(said: Said, what: string): void {
  for (const { check, judged } of said) {
    for (const { status, text, evidence } of "untested" in judged ? [] : judged) {
      assert.ok(evidence.length > 0, `${check} ${what}: ${text}`);
      const isUnasked = evidence.some((line) => /not asked|not tried|dropped/.test(line));
      assert.ok(status !== "ok" || !isUnasked, `${check} ${what}: ${text} (${evidence.join("; ")})`);
    }
  }
}

function inspectedServer({ ports }: FaultyServer, nameServer: string): InspectedServer {
  const { signal } = new AbortController();
  return {
    ...{ host, address: "127.0.0.1", ports, nameServers: [nameServer], signal, timeoutMs: 5000 },
    credentials: { user: "alice", password: "secret" },
    ...{
      insecure: false,
      isDeep: true,
      isAnonymousTried: true,
      isWritingAllowed: true,
      capture: undefined,
      permits: () => true,
    },
    authorities: [identity.ca],
    context: createSecureContext({ ca: [identity.ca] }),
    budget: new ConnectionBudget({ controlMax: 400, atOnce: 2, signal, backOffMs: [] }),
  };
}
