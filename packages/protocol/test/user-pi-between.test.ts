import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type {
  Between,
  Octets,
  TransferRequest,
  UserPi,
  UserPiEvent,
  UserPiPolicy,
  UserPiStart,
} from "@sallyport/protocol";
import fc from "fast-check";
import { type Dialogue, download, opened, upload } from "./user-pi-dialogue.ts";

const listens: Between = { setUp: "PASV", hosts: [], protection: "P", secureClient: false };
const connects: Between = { ...listens, setUp: "active", secureClient: true };

const reading = (between: Between): TransferRequest => ({ ...download, type: "I", between });
const storing = (between: Between): TransferRequest => ({ ...upload, type: "I", between });

function asked(request: TransferRequest, policy: Partial<UserPiPolicy> = {}, start: Partial<UserPiStart> = {}) {
  const dialogue = opened(policy, start);
  assert.deepEqual(dialogue.asks(request), ["TYPE I"]);
  return dialogue;
}

describe("transfers between two servers", () => {
  test("R-FXP-01 the one that listens: PASV, the endpoint goes to the other, and the command once that was told", () => {
    const dialogue = asked(storing(listens));
    assert.deepEqual(dialogue.answers("200 I"), ["PASV"]);
    assert.deepEqual(dialogue.answers("227 (192,0,2,1,15,160)"), []);
    assert.deepEqual(dialogue.of("connect-data"), [
      { kind: "connect-data", connection: 1, endpoint: { host: "192.0.2.1", port: 4000 }, id: 1 },
    ]);
    assert.deepEqual(dialogue.happens({ kind: "data-connected", connection: 1 }), ["STOR f"]);
    dialogue.answers("150 go");
    assert.equal(dialogue.outcome(1), undefined);
    dialogue.answers("226 done");
    assert.equal(dialogue.outcome(1), 226);
    assert.deepEqual(dialogue.of("remember"), [], "that another server used PASV says nothing about the way to here");
  });

  test("R-FXP-01 R-FXP-02 the one that connects: SSCN, PORT with the other's endpoint, the command at once", () => {
    const dialogue = asked(reading(connects));
    assert.deepEqual(dialogue.answers("200 I"), ["SSCN ON"]);
    assert.deepEqual(dialogue.answers("200 SSCN:CLIENT METHOD"), []);
    assert.deepEqual(dialogue.of("listen-data"), [{ kind: "listen-data", connection: 1, id: 1 }]);
    const endpoint = { host: "198.51.100.7", port: 4000 };
    assert.deepEqual(dialogue.happens({ kind: "data-listening", connection: 1, endpoint }), [
      "PORT 198,51,100,7,15,160",
    ]);
    assert.deepEqual(dialogue.answers("200 ok"), ["RETR f"]);
    dialogue.answers("150 go", "226 done");
    assert.equal(dialogue.outcome(1), 226);
  });

  test("R-FXP-02 the next transfer of the user's own takes SSCN and PROT back before anything else", () => {
    const dialogue = asked(reading({ ...connects, protection: "P" }));
    dialogue.answers("200 I", "200 SSCN:CLIENT METHOD");
    dialogue.happens({ kind: "data-listening", connection: 1, endpoint: { host: "198.51.100.7", port: 4000 } });
    dialogue.answers("200 ok", "226 done");
    assert.deepEqual(dialogue.asks({ ...download, id: 2, type: "I" }), ["SSCN OFF"]);
    assert.deepEqual(dialogue.answers("200 SSCN:SERVER METHOD"), ["EPSV"]);
  });

  test("R-4217-43 data in clear by permission alone, and never left so: PROT P comes back or the next transfer fails", () => {
    const request = reading({ ...listens, protection: "C" });
    const dialogue = asked(request);
    assert.deepEqual(dialogue.answers("200 I"), ["PROT C"]);
    assert.deepEqual(dialogue.answers("200 clear"), ["PASV"]);
    dialogue.answers("227 (192,0,2,1,15,160)");
    dialogue.happens({ kind: "data-connected", connection: 1 });
    dialogue.answers("226 done");
    assert.deepEqual(dialogue.asks({ ...download, id: 2, type: "I" }), ["PROT P"]);
    dialogue.answers("534 no");
    assert.equal(dialogue.outcome(2), "SALLYPORT_PARAMETER_REFUSED");
    assert.equal(dialogue.of("move-data").length, 1, "the first one alone");
  });

  test("R-4217-43 where the connection protects nothing, a protected transfer is not begun", () => {
    const dialogue = opened({ security: "explicit", dataProtection: "C" });
    dialogue.asks({ ...reading(listens), between: { ...listens, protection: "P" } });
    assert.deepEqual(dialogue.answers("200 I"), ["PROT P"]);
    dialogue.answers("534 no");
    assert.equal(dialogue.outcome(1), "SALLYPORT_PARAMETER_REFUSED");
    assert.deepEqual(dialogue.of("connect-data"), []);
  });

  for (const [named, hosts, isTold] of [
    ["10,0,0,5", [], false],
    ["10,0,0,5", ["10.0.0.5"], true],
    ["0,0,0,0", [], false],
    ["192,0,2,1", [], true],
  ] as const) {
    test(`S-06 S-10 the other server is ${isTold ? "" : "not "}told of ${named}, permitted: ${hosts.join() || "none"}`, () => {
      for (const passiveAddress of ["control", "trust"] as const) {
        const dialogue = asked(storing({ ...listens, hosts }), { passiveAddress });
        dialogue.answers("200 I", `227 (${named},15,160)`);
        assert.equal(dialogue.of("connect-data").length, isTold ? 1 : 0);
        assert.equal(dialogue.outcome(1), isTold ? undefined : "SALLYPORT_FOREIGN_ADDRESS");
        assert.deepEqual(dialogue.of("foreign-address"), [], "nothing is put in its place");
      }
    });
  }

  test("S-10 EPSV means the server itself, and a name that a proxy knows is no address", () => {
    const own = asked(storing({ ...listens, setUp: "EPSV" }), {}, { peerAddress: "2001:db8::1" });
    own.answers("200 I", "229 (|||4000|)");
    assert.deepEqual(own.of("connect-data")[0]?.endpoint, { host: "2001:db8::1", port: 4000 });
    const proxied = asked(storing({ ...listens, setUp: "EPSV" }), {}, { peerAddress: "ftp.example.org" });
    proxied.answers("200 I", "229 (|||4000|)");
    assert.equal(proxied.outcome(1), "SALLYPORT_FOREIGN_ADDRESS");
  });

  test("refused set-ups end it, and PASV does not take the place of EPSV", () => {
    const refusals: readonly [Between, readonly string[], string][] = [
      [{ ...listens, setUp: "EPSV" }, ["522 no"], "SALLYPORT_NO_DATA_SETUP"],
      [{ ...listens, setUp: "CPSV" }, ["502 no"], "SALLYPORT_NO_DATA_SETUP"],
      [connects, ["534 no"], "SALLYPORT_PARAMETER_REFUSED"],
    ];
    for (const [between, replies, code] of refusals) {
      const dialogue = asked(storing(between));
      dialogue.answers("200 I");
      assert.deepEqual(dialogue.answers(...replies), []);
      assert.equal(dialogue.outcome(1), code);
    }
  });

  test("R-959-61 given up: ABOR where the command was sent, nothing where it was not", () => {
    const waiting = asked(storing(listens));
    waiting.answers("200 I", "227 (192,0,2,1,15,160)");
    assert.deepEqual(waiting.happens({ kind: "abort", id: 1 }), []);
    assert.equal(waiting.outcome(1), "SALLYPORT_ABORTED");
    assert.equal(waiting.of("break-data").length, 1);
    const running = begun(storing(listens));
    assert.deepEqual(running.happens({ kind: "abort", id: 1 }), ["ABOR"]);
    assert.deepEqual(running.answers("426 cut"), ["NOOP"]);
    running.answers("226 aborted", "200 ok");
    assert.equal(running.outcome(1), "SALLYPORT_ABORTED");
    assert.equal(running.of("break-data").length, 1);
  });

  test("a late event of the meeting is nobody's", () => {
    const dialogue = begun(storing(listens));
    dialogue.answers("426 cut");
    assert.equal(dialogue.outcome(1), "SALLYPORT_COMMAND_REFUSED");
    assert.deepEqual(dialogue.happens({ kind: "data-ended", connection: 1, outcome: "failed" }), []);
    assert.deepEqual(dialogue.asks({ kind: "command", id: 2, verb: "NOOP" }), ["NOOP"]);
  });
});

test("R-4217-43 whatever the server says, the user's own data is protected, and in the client's part of TLS", () => {
  let movedCount = 0;
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { minLength: 20, maxLength: 80 }), (choices) => {
      const dialogue = opened();
      let lastId = 0;
      for (const choice of choices) {
        const before = dialogue.of("move-data").length;
        const event = nextEvent(dialogue.pi, choice, lastId);
        if (event.kind === "request") lastId = event.request.id;
        dialogue.happens(event);
        const { job, secureClient } = dialogue.pi;
        for (const { protection } of dialogue.of("move-data").slice(before)) {
          if (job?.kind !== "transfer" || job.request.between !== undefined) continue;
          movedCount++;
          assert.deepEqual([protection, secureClient], ["P", false]);
        }
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(movedCount > 100, `own data moved ${movedCount} times`);
});

const requests: readonly TransferRequest[] = [
  { ...download, type: "I" },
  { ...upload, type: "I" },
  reading(connects),
  storing({ ...listens, protection: "C" }),
  reading({ ...connects, secureClient: false, protection: "C" }),
  storing({ ...listens, secureClient: true }),
];

/** What may well happen next; now and then a refusal, a failure, or somebody who gives up. */
function nextEvent({ job, outstanding, dataConnectionsCount }: UserPi, choice: number, lastId: number): UserPiEvent {
  const connection = dataConnectionsCount;
  const isBad = choice % 7 === 0;
  if (choice % 13 === 0) return { kind: "abort", id: lastId };
  const [command] = outstanding;
  if (command !== undefined) return replyTo(command.verb, isBad, choice);
  const data = job?.kind === "transfer" ? job.data.kind : "none";
  if (data === "connecting" && !isBad) return { kind: "data-connected", connection };
  if (data === "listening" && !isBad) {
    return { kind: "data-listening", connection, endpoint: { host: "198.51.100.7", port: 4000 } };
  }
  if (data !== "none") return { kind: "data-ended", connection, outcome: isBad ? "failed" : "complete" };
  return { kind: "request", request: { ...nth(requests, choice % requests.length), id: lastId + 1 } };
}

function replyTo(verb: string, isBad: boolean, choice: number): UserPiEvent {
  const good: Readonly<Record<string, number>> = { PASV: 227, EPSV: 229, REST: 350, RETR: 226, STOR: 226, ABOR: 226 };
  const code = isBad ? nth([426, 502, 534, 550], choice % 4) : (good[verb] ?? 200);
  const text = verb === "PASV" ? "(192,0,2,1,15,160)" : "(|||4000|)";
  return { kind: "reply", code, lines: [text as Octets], truncated: false };
}

function nth<T>(values: readonly T[], at: number): T {
  const value = values[at];
  assert.ok(value);
  return value;
}

function begun(request: TransferRequest): Dialogue {
  const dialogue = asked(request);
  dialogue.answers("200 I", "227 (192,0,2,1,15,160)");
  dialogue.happens({ kind: "data-connected", connection: 1 });
  dialogue.answers("150 go");
  return dialogue;
}
