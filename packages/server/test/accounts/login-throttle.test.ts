import assert from "node:assert/strict";
import { BlockList } from "node:net";
import { test } from "node:test";
import { LoginThrottle, type LoginThrottleOptions } from "@sallyport/server/accounts";

const attacker = { remoteAddress: "198.51.100.7", user: "alice" };

/** A throttle with small limits and a clock that the test turns. */
function throttleWithClock(limits: LoginThrottleOptions["limits"] = {}, exempt?: BlockList) {
  const clock = { nowMs: 1_000_000 };
  const small = {
    loginDelayMs: 100,
    loginDelayMaxMs: 500,
    loginWindowMs: 10_000,
    loginFailuresPerHostCount: 5,
    loginBanMs: 60_000,
    loginBanMaxMs: 200_000,
    loginFailuresPerNameCount: 4,
    loginIntervalMs: 1000,
    loginWaitMs: 2500,
    ...limits,
  };
  const options = { limits: small, now: () => clock.nowMs, ...(exempt === undefined ? {} : { exempt }) };
  return { clock, throttle: new LoginThrottle(options) };
}

test("S-13 the delay doubles with each wrong password up to its limit", () => {
  const { throttle } = throttleWithClock({ loginFailuresPerHostCount: 100 });
  const delays = Array.from({ length: 6 }, () => throttle.failed(attacker).delayMs);
  assert.deepEqual(delays, [100, 200, 400, 500, 500, 500]);
});

test("S-13 by default the third wrong password costs more than five seconds", () => {
  const throttle = new LoginThrottle();
  assert.deepEqual(
    [1, 2, 3, 4].map(() => throttle.failed(attacker).delayMs),
    [2000, 4000, 8000, 10_000],
  );
});

test("S-13 an address is banned after too many wrong passwords, whatever the names, and for its time only", () => {
  const { clock, throttle } = throttleWithClock();
  for (const user of ["a", "b", "c", "d"])
    assert.equal(throttle.failed({ ...attacker, user }).bannedUntilMs, undefined);
  assert.equal(throttle.judge(attacker).kind, "admitted");
  assert.equal(throttle.failed({ ...attacker, user: "e" }).bannedUntilMs, clock.nowMs + 60_000);
  for (const attempt of [{ remoteAddress: attacker.remoteAddress }, attacker, { ...attacker, user: "unknown" }]) {
    const verdict = throttle.judge(attempt);
    assert.ok(verdict.kind === "refused" && verdict.untilMs === clock.nowMs + 60_000);
  }
  assert.equal(throttle.judge({ remoteAddress: "198.51.100.8" }).kind, "admitted", "a neighbour is not banned");
  clock.nowMs += 59_999;
  assert.equal(throttle.judge(attacker).kind, "refused");
  clock.nowMs += 1;
  assert.equal(throttle.judge(attacker).kind, "admitted");
});

test("S-13 each further ban is longer, until the address has behaved", () => {
  const { clock, throttle } = throttleWithClock();
  const ban = (): number => {
    let untilMs: number | undefined;
    while (untilMs === undefined) untilMs = throttle.failed({ remoteAddress: "192.0.2.9" }).bannedUntilMs;
    const lengthMs = untilMs - clock.nowMs;
    clock.nowMs = untilMs;
    return lengthMs;
  };
  assert.deepEqual([ban(), ban(), ban(), ban()], [60_000, 120_000, 200_000, 200_000]);
  clock.nowMs += 200_001;
  assert.equal(ban(), 60_000);
});

test("checks that end during a ban neither lengthen it nor count towards the next", () => {
  const { clock, throttle } = throttleWithClock();
  const verdicts = Array.from({ length: 50 }, () => throttle.failed(attacker));
  assert.deepEqual(verdicts.at(-1), { delayMs: 500, bannedUntilMs: clock.nowMs + 60_000 });
  clock.nowMs += 60_000;
  assert.deepEqual(throttle.failed(attacker), { delayMs: 100 });
});

test("wrong passwords are forgotten after the window", () => {
  const { clock, throttle } = throttleWithClock();
  for (let failure = 0; failure < 4; failure++) throttle.failed(attacker);
  clock.nowMs += 10_000;
  assert.deepEqual(throttle.failed(attacker), { delayMs: 100 });
});

test("an IPv6 host is its /64, and IPv4 in IPv6 clothes is IPv4", () => {
  const { throttle } = throttleWithClock();
  const same = [
    "2001:db8:0:1::1",
    "2001:0DB8::1:ffff:0:0:1",
    "2001:db8:0:1:1:2:3:4",
    "2001:db8:0:1::",
    "2001:db8:0:1::9",
  ];
  const bans = same.map((remoteAddress) => throttle.failed({ remoteAddress }).bannedUntilMs);
  assert.deepEqual(
    bans.map((untilMs) => untilMs !== undefined),
    [false, false, false, false, true],
  );
  assert.equal(throttle.judge({ remoteAddress: "2001:db8:0:1:ffff::" }).kind, "refused");
  for (const remoteAddress of ["2001:db8:0:2::1", "2001:db8::1", "2001:db9:0:1::1", "::1"]) {
    assert.equal(throttle.judge({ remoteAddress }).kind, "admitted", remoteAddress);
  }
  for (let failure = 0; failure < 5; failure++) throttle.failed({ remoteAddress: "::ffff:192.0.2.1" });
  assert.equal(throttle.judge({ remoteAddress: "192.0.2.1" }).kind, "refused");
  for (let failure = 0; failure < 5; failure++) throttle.failed({ remoteAddress: "fe80::1%eth0" });
  assert.equal(throttle.judge({ remoteAddress: "fe80::2%eth0" }).kind, "admitted");
  assert.equal(throttle.judge({ remoteAddress: "fe80::1%eth0" }).kind, "refused");
});

test("S-13 a name under attack from everywhere admits strangers one at a time and refuses the rest unchecked", () => {
  const { clock, throttle } = throttleWithClock();
  for (let host = 0; host < 4; host++) throttle.failed({ remoteAddress: `203.0.113.${host}`, user: "alice" });
  const stranger = { remoteAddress: "192.0.2.50", user: "alice" };
  const verdicts = Array.from({ length: 5 }, () => throttle.judge(stranger));
  assert.deepEqual(
    verdicts.map((verdict) => (verdict.kind === "admitted" ? verdict.delayMs : verdict.kind)),
    [0, 1000, 2000, "refused", "refused"],
  );
  assert.deepEqual(
    throttle.judge({ ...stranger, user: "bob" }),
    { kind: "admitted", delayMs: 0, precedence: "unknown" },
    "others are not slowed",
  );
  clock.nowMs += 3000;
  assert.deepEqual(throttle.judge(stranger), { kind: "admitted", delayMs: 0, precedence: "unknown" });
});

test("S-13 an address that fails has one turn after each delay, however many connections it opens", () => {
  const { clock, throttle } = throttleWithClock();
  throttle.failed(attacker);
  const judged = Array.from({ length: 3 }, () => throttle.judge({ ...attacker, user: "another" }));
  assert.deepEqual(
    judged,
    [100, 200, 300].map((delayMs) => ({ kind: "admitted", delayMs, precedence: "failing" })),
  );
  for (let attempt = 0; attempt < 22; attempt++) throttle.judge(attacker);
  assert.deepEqual(throttle.judge(attacker), {
    kind: "refused",
    reason: "too many wrong passwords from this address",
    untilMs: clock.nowMs + 2600,
  });
  clock.nowMs += 2600;
  assert.deepEqual(throttle.judge(attacker), { kind: "admitted", delayMs: 0, precedence: "failing" });
});

test("S-13 an address that fails is not served again before its turn, whatever it would ask", () => {
  const { clock, throttle } = throttleWithClock({ loginDelayMs: 1000, loginDelayMaxMs: 4000 });
  const connection = { remoteAddress: attacker.remoteAddress };
  assert.deepEqual(throttle.judge(connection), { kind: "admitted", delayMs: 0, precedence: "unknown" });
  throttle.failed(attacker);
  assert.deepEqual(throttle.judge(connection), {
    kind: "refused",
    reason: "a wrong password came from this address a moment ago",
    untilMs: clock.nowMs + 1000,
  });
  assert.equal(throttle.judge({ remoteAddress: "198.51.100.8" }).kind, "admitted", "a neighbour is served");
  clock.nowMs += 1000;
  assert.deepEqual(throttle.judge(connection), { kind: "admitted", delayMs: 0, precedence: "failing" });
  // Its turn is taken by an attempt, and the next comes after it.
  throttle.judge(attacker);
  assert.equal(throttle.judge(connection).kind, "refused");
});

test("S-13 an address where somebody has logged in is served while others fail there, until it is banned", () => {
  const { clock, throttle } = throttleWithClock({ loginDelayMs: 1000, loginDelayMaxMs: 4000 });
  const connection = { remoteAddress: attacker.remoteAddress };
  throttle.succeeded({ ...connection, user: "bob" });
  for (let failure = 0; failure < 4; failure++) throttle.failed(attacker);
  assert.deepEqual(throttle.judge(connection), { kind: "admitted", delayMs: 0, precedence: "trusted" });
  throttle.failed(attacker);
  assert.equal(throttle.judge(connection).kind, "refused");
  clock.nowMs += 2_592_000_000;
  throttle.failed(attacker);
  assert.equal(throttle.judge(connection).kind, "refused", "a login of long ago speaks for nobody");
});

test("S-13 who leaves before the answer has made an attempt, but the owner may lose patience", () => {
  const { throttle } = throttleWithClock();
  const abandoned = { ...attacker, abandoned: true };
  const delays = Array.from({ length: 4 }, () => throttle.failed(abandoned).delayMs);
  assert.deepEqual(delays, [100, 200, 400, 500]);
  assert.equal(throttle.failed(abandoned).banBegins, true);
  const owner = { remoteAddress: "192.0.2.1", user: "bob" };
  throttle.succeeded(owner);
  for (let attempt = 0; attempt < 20; attempt++) throttle.failed({ ...owner, abandoned: true });
  assert.deepEqual(throttle.judge(owner), { kind: "admitted", delayMs: 0, precedence: "trusted" });
  assert.equal(throttle.judge({ remoteAddress: owner.remoteAddress }).kind, "admitted");
  assert.equal(throttle.failed(owner).delayMs, 100, "a wrong password of its own counts");
});

test("S-13 a stranger whose attempt on a name is refused unchecked is not served again at once", () => {
  const { clock, throttle } = throttleWithClock({ loginDelayMaxMs: 3000 });
  for (let host = 0; host < 4; host++) throttle.failed({ remoteAddress: `203.0.113.${host}`, user: "alice" });
  const stranger = { remoteAddress: "192.0.2.50", user: "alice" };
  for (let attempt = 0; attempt < 3; attempt++) assert.equal(throttle.judge(stranger).kind, "admitted");
  assert.equal(throttle.judge({ remoteAddress: stranger.remoteAddress }).kind, "admitted");
  assert.equal(throttle.judge(stranger).kind, "refused");
  assert.equal(throttle.judge({ remoteAddress: stranger.remoteAddress }).kind, "refused");
  clock.nowMs += 3000;
  assert.equal(throttle.judge({ remoteAddress: stranger.remoteAddress }).kind, "admitted");
});

test("S-13 who has logged in from where it is goes before strangers, and strangers before who fails", () => {
  const { throttle } = throttleWithClock();
  const owner = { remoteAddress: attacker.remoteAddress, user: "bob" };
  throttle.succeeded(owner);
  throttle.failed(attacker);
  const precedenceOf = (attempt: typeof attacker) => {
    const verdict = throttle.judge(attempt);
    return verdict.kind === "admitted" ? verdict.precedence : verdict.kind;
  };
  assert.equal(precedenceOf(owner), "trusted", "also behind the address of an attacker");
  assert.equal(precedenceOf({ remoteAddress: "192.0.2.77", user: "bob" }), "unknown");
  assert.equal(precedenceOf(attacker), "failing");
});

test("S-13 others cannot lock the owner out of an address where the name logged in before", () => {
  const { clock, throttle } = throttleWithClock();
  const owner = { remoteAddress: "192.0.2.1", user: "alice" };
  throttle.succeeded(owner);
  for (let host = 0; host < 200; host++) throttle.failed({ remoteAddress: `203.0.113.${host}`, user: "alice" });
  for (let attempt = 0; attempt < 20; attempt++) throttle.judge({ remoteAddress: "192.0.2.50", user: "alice" });
  assert.deepEqual(throttle.judge(owner), { kind: "admitted", delayMs: 0, precedence: "trusted" });
  assert.equal(throttle.judge({ remoteAddress: "192.0.2.2", user: "alice" }).kind, "refused");
  clock.nowMs += 2_592_000_000;
  assert.equal(throttle.judge(owner).kind, "admitted", "the window is over as well");
});

test("the owner's own slips, from where it logs in, do not make strangers of others", () => {
  const { throttle } = throttleWithClock({ loginFailuresPerHostCount: 100 });
  const owner = { remoteAddress: "192.0.2.1", user: "alice" };
  throttle.succeeded(owner);
  for (let failure = 0; failure < 10; failure++) throttle.failed(owner);
  const stranger = { remoteAddress: "192.0.2.50", user: "alice" };
  for (let attempt = 0; attempt < 5; attempt++)
    assert.deepEqual(throttle.judge(stranger), { kind: "admitted", delayMs: 0, precedence: "unknown" });
});

test("a good login forgives its own wrong passwords, not the guesses at others", () => {
  const { throttle } = throttleWithClock();
  const own = { remoteAddress: attacker.remoteAddress, user: "own" };
  throttle.failed(own);
  throttle.failed(own);
  throttle.failed(attacker);
  throttle.failed(attacker);
  throttle.succeeded(own);
  assert.equal(throttle.failed(attacker).delayMs, 400, "two guesses are still counted");
  throttle.succeeded(own);
  throttle.failed(attacker);
  assert.notEqual(throttle.failed(attacker).bannedUntilMs, undefined, "a known login in between does not help");
});

test("exempt addresses are neither delayed nor banned, and a ban can be forgiven", () => {
  const exempt = new BlockList();
  exempt.addSubnet("10.0.0.0", 8, "ipv4");
  exempt.addSubnet("fd00::", 8, "ipv6");
  const { throttle } = throttleWithClock({}, exempt);
  for (const remoteAddress of ["10.1.2.3", "fd00::1", "::ffff:10.1.2.3"]) {
    for (let failure = 0; failure < 10; failure++) assert.deepEqual(throttle.failed({ remoteAddress }), { delayMs: 0 });
    assert.equal(throttle.judge({ remoteAddress }).kind, "admitted");
  }
  for (let failure = 0; failure < 5; failure++) throttle.failed(attacker);
  assert.equal(throttle.judge({ remoteAddress: attacker.remoteAddress }).kind, "refused");
  assert.equal(throttle.forgive(attacker.remoteAddress), true);
  assert.equal(throttle.judge({ remoteAddress: attacker.remoteAddress }).kind, "admitted");
  assert.equal(throttle.forgive(attacker.remoteAddress), false);
});

test("a flood of addresses, names and long names stays within memory and does not end a ban", () => {
  const { throttle } = throttleWithClock({ throttledHostsCount: 100, throttledNamesCount: 100 });
  for (let failure = 0; failure < 5; failure++) throttle.failed(attacker);
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < 20_000; index++) {
    const attempt = {
      remoteAddress: `2001:db8:${(index >> 8).toString(16)}:${(index & 255).toString(16)}::1`,
      user: `${index}`.padEnd(8000),
    };
    throttle.judge(attempt);
    throttle.failed(attempt);
  }
  assert.equal(throttle.judge(attacker).kind, "refused");
  assert.ok(process.memoryUsage().heapUsed - before < 64 * 1024 * 1024);
});

test("a ban begins once, and with its reason", () => {
  const { throttle } = throttleWithClock();
  const begins = Array.from({ length: 7 }, () => throttle.failed(attacker).banBegins === true);
  assert.deepEqual(begins, [false, false, false, false, true, false, false]);
  const verdict = throttle.judge(attacker);
  assert.ok(verdict.kind === "refused" && verdict.reason === "too many wrong passwords from this address");
});

test("the administrator's ban is as long as that of wrong passwords, doubles like it, and is forgiven", () => {
  const { clock, throttle } = throttleWithClock();
  assert.equal(throttle.ban(attacker.remoteAddress), clock.nowMs + 60_000);
  const verdict = throttle.judge({ remoteAddress: attacker.remoteAddress });
  assert.ok(verdict.kind === "refused" && verdict.reason === "the address was banned by the administrator");
  assert.equal(throttle.ban(attacker.remoteAddress), clock.nowMs + 120_000);
  assert.equal(throttle.forgive(attacker.remoteAddress), true);
  assert.equal(throttle.judge(attacker).kind, "admitted");
});
