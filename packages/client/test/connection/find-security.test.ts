import { CommandRefused, PeerIncompatible, TransportError } from "@sallyport/protocol";
import assert from "node:assert/strict";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { findSecurity, type SecurityAttempt } from "../../src/connection/find-security.ts";
import type { SecurityCandidate } from "../../src/connection/security-choice.ts";

type Behaviour = (attempt: SecurityAttempt) => Promise<string>;

const unreachable = new TransportError("SALLYPORT_CONNECT_REFUSED", "nobody there");
const noTls = new PeerIncompatible("SALLYPORT_TLS_UNAVAILABLE", "no TLS");

function race(
  explicit: Behaviour,
  implicit: Behaviour,
  {
    afterMs = 20,
    onlyIfSilent = false,
    signal,
  }: { afterMs?: number; onlyIfSilent?: boolean; signal?: AbortSignal } = {},
): Promise<string> {
  const candidates: SecurityCandidate[] = [
    { security: "explicit", port: 21, afterMs: 0, onlyIfSilent: false },
    { security: "implicit", port: 990, afterMs, onlyIfSilent },
  ];
  const open = (candidate: SecurityCandidate, attempt: SecurityAttempt): Promise<string> =>
    candidate.security === "explicit" ? explicit(attempt) : implicit(attempt);
  return findSecurity(candidates, open, signal).then(({ opened }) => opened);
}

const fails =
  (error: Error, afterMs = 1): Behaviour =>
  async () => {
    await pause(afterMs);
    throw error;
  };
const protects =
  (name: string, afterMs = 1): Behaviour =>
  async ({ claim, signal }) => {
    await pause(afterMs, undefined, { signal });
    if (!claim()) throw new Error("overtaken");
    await pause(5);
    return name;
  };
const unwanted: Behaviour = () => assert.fail("it was tried");

test("the first one that protects wins, and no other is tried then", async () => {
  assert.equal(await race(protects("explicit"), unwanted), "explicit");
});

test("S-03 where AUTH is refused, implicit is waited for, and plain is nothing to fall back on", async () => {
  assert.equal(await race(fails(noTls), protects("implicit", 40)), "implicit");
  await assert.rejects(race(fails(noTls), fails(unreachable)), noTls);
});

test("a port that answers nothing does not hold up the other", async () => {
  assert.equal(await race(protects("explicit", 60_000), protects("implicit")), "implicit");
});

test("once protected, a wrong password is the failure, and it goes to one of them alone", async () => {
  const refused = new CommandRefused("SALLYPORT_LOGIN_REFUSED", "no");
  const explicit: Behaviour = async ({ claim }) => {
    assert.equal(claim(), true);
    await pause(40);
    throw refused;
  };
  await assert.rejects(race(explicit, unwanted), refused);
});

test("a server that greets is not tried with implicit on the same port", async () => {
  const greets: Behaviour = async (attempt) => {
    attempt.greeted();
    return protects("explicit", 60)(attempt);
  };
  assert.equal(await race(greets, unwanted, { onlyIfSilent: true }), "explicit");
  await assert.rejects(race(fails(noTls), unwanted, { onlyIfSilent: true }), noTls);
});

test("a server that stays silent is tried with implicit on the same port", async () => {
  assert.equal(await race(protects("explicit", 60_000), protects("implicit"), { onlyIfSilent: true }), "implicit");
});

test("the failure that says most is the one that is told", async () => {
  await assert.rejects(race(fails(unreachable), fails(noTls)), noTls);
  await assert.rejects(
    race(fails(unreachable), fails(new TransportError("SALLYPORT_CONNECT_TIMEOUT", "late"))),
    unreachable,
  );
});

test("a signal gives everything up", async () => {
  const signal = AbortSignal.timeout(10);
  await assert.rejects(race(protects("a", 60_000), protects("b", 60_000), { signal }), { name: "TimeoutError" });
});
