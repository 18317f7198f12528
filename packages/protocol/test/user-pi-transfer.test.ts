import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { limitValues } from "@sallyport/protocol";
import { dataEnded, download, opened, transferring, upload } from "./user-pi-dialogue.ts";

describe("transfers", () => {
  test("R-959-66 complete means both, 226 and the proper end of the data, in any order", () => {
    for (const request of [download, upload]) {
      for (const order of ["reply first", "data first"]) {
        const dialogue = transferring(request);
        dialogue.answers("150 go");
        if (order === "reply first") dialogue.answers("226 done");
        dataEnded(dialogue, "complete");
        assert.equal(dialogue.outcome(1), order === "reply first" ? 226 : undefined);
        if (order === "data first") dialogue.answers("226 done");
        assert.equal(dialogue.outcome(1), 226);
        assert.equal(dialogue.of("move-data").length, 1);
      }
    }
  });

  test("R-959-66 226 with data that was cut is a failure, and so is 426 with all the data", () => {
    for (const [outcome, code] of [
      ["truncated", "SALLYPORT_DATA_TRUNCATED"],
      ["failed", "SALLYPORT_DATA_FAILED"],
    ] as const) {
      const dialogue = transferring(download);
      dialogue.answers("150 go", "226 done");
      dataEnded(dialogue, outcome);
      assert.equal(dialogue.outcome(1), code);
    }
    const dialogue = transferring(upload);
    dialogue.answers("150 go");
    dataEnded(dialogue, "complete");
    dialogue.answers("426 cut");
    assert.equal(dialogue.outcome(1), "SALLYPORT_COMMAND_REFUSED");
  });

  test("R-959-66 an upload without 226 is not complete, and may have been stored all the same", () => {
    const dialogue = transferring(upload);
    dialogue.answers("150 go");
    dataEnded(dialogue, "complete");
    dialogue.happens({ kind: "connection-closed" });
    const settlement = dialogue.settlement(1);
    assert.ok(settlement?.ok === false);
    assert.deepEqual([settlement.failure.code, settlement.failure.retry], ["SALLYPORT_CONNECTION_LOST", "check"]);
  });

  test("R-CLI-09 a server without 150, with 125, with data before 150", () => {
    const silent = transferring(upload);
    silent.waits();
    assert.equal(silent.of("move-data").length, 1);
    dataEnded(silent, "complete");
    silent.answers("226 done");
    assert.equal(silent.outcome(1), 226);
    const early = transferring(download);
    dataEnded(early, "complete");
    early.answers("125 go", "250 done");
    assert.equal(early.outcome(1), 250);
  });

  test("an upload that was never begun is not complete by 226", () => {
    const dialogue = transferring(upload);
    dialogue.answers("226 done");
    assert.equal(dialogue.outcome(1), "SALLYPORT_REPLY_UNEXPECTED");
    assert.equal(dialogue.of("break-data").length, 1);
  });

  test("R-2428-04 R-1579-01 EPSV first; after 500, 501, 502 or 522 PASV, and remembered", () => {
    for (const code of [500, 501, 502, 522]) {
      const dialogue = opened();
      assert.deepEqual(dialogue.asks(download), ["EPSV"]);
      assert.deepEqual(dialogue.answers(`${code} no`), ["PASV"]);
      dialogue.answers("227 (192,0,2,1,15,160)");
      assert.deepEqual(dialogue.of("connect-data")[0]?.endpoint, { host: "192.0.2.1", port: 4000 });
      assert.deepEqual(dialogue.of("remember"), [{ kind: "remember", memory: { passive: "PASV" } }]);
    }
    assert.deepEqual(opened({}, { memory: { passive: "PASV" } }).asks(download), ["PASV"]);
  });

  test("R-2428-04 over IPv6 there is no PASV", () => {
    const dialogue = opened({}, { peerAddress: "2001:db8::1", memory: { passive: "PASV" } });
    assert.deepEqual(dialogue.asks(download), ["EPSV"]);
    assert.deepEqual(dialogue.answers("502 no"), []);
    assert.equal(dialogue.outcome(1), "SALLYPORT_NO_DATA_SETUP");
  });

  test("R-1123-20 S-10 the address of 227 is read in any form and not followed", () => {
    const dialogue = opened({}, { memory: { passive: "PASV" } });
    dialogue.asks(download);
    dialogue.answers("227 =10,0,0,1,4,1");
    assert.deepEqual(dialogue.of("connect-data")[0]?.endpoint, { host: "192.0.2.1", port: 1025 });
    assert.deepEqual(dialogue.of("foreign-address")[0]?.named, { host: "10.0.0.1", port: 1025 });
  });

  test("a reply to PASV without an endpoint fails the transfer alone", () => {
    const dialogue = opened();
    dialogue.asks(download);
    assert.deepEqual(dialogue.answers("229 (|||1000000|)"), ["PASV"]);
    dialogue.answers("227 somewhere");
    assert.equal(dialogue.outcome(1), "SALLYPORT_PASSIVE_REPLY_UNREADABLE");
    assert.deepEqual(dialogue.asks({ kind: "command", id: 2, verb: "PWD" }), ["PWD"]);
  });

  test("the code says which form a passive reply has, whatever was asked", () => {
    const dialogue = opened();
    dialogue.asks(download);
    dialogue.answers("227 (10,0,0,1,4,1)");
    assert.deepEqual(dialogue.of("connect-data")[0]?.endpoint, { host: "192.0.2.1", port: 1025 });
  });

  test("a port that cannot be reached is tried once more by PASV", () => {
    const dialogue = opened();
    dialogue.asks(download);
    dialogue.answers("229 (|||4000|)");
    assert.deepEqual(dataEnded(dialogue, "failed"), ["PASV"]);
    dialogue.answers("227 (192,0,2,1,15,161)");
    dataEnded(dialogue, "failed", 1);
    assert.equal(dialogue.outcome(1), undefined, "the first connection's end is not the second's");
    dialogue.waits();
    assert.equal(dialogue.outcome(1), "SALLYPORT_DATA_FAILED");
  });

  test("active: PORT for IPv4, EPRT for IPv6", () => {
    for (const [host, line] of [
      ["192.0.2.7", "PORT 192,0,2,7,15,160"],
      ["2001:db8::7", "EPRT |2|2001:db8::7|4000|"],
    ] as const) {
      const dialogue = opened({ dataSetup: "active" });
      assert.deepEqual(dialogue.asks(download), []);
      const sent = dialogue.happens({ kind: "data-listening", connection: 1, endpoint: { host, port: 4000 } });
      assert.deepEqual(sent, [line]);
      assert.deepEqual(dialogue.answers("200 ok"), ["RETR f"]);
    }
  });

  test("R-CLI-03 TYPE, STRU and MODE are sent where they change", () => {
    const dialogue = opened();
    assert.deepEqual(dialogue.asks({ ...download, type: "I", mode: "B" }), ["TYPE I"]);
    assert.deepEqual(dialogue.answers("200 I"), ["MODE B"]);
    assert.deepEqual(dialogue.answers("200 B"), ["EPSV"]);
    dialogue.answers("229 (|||4000|)");
    dialogue.happens({ kind: "data-connected", connection: 1 });
    dialogue.answers("150 go", "226 done");
    dataEnded(dialogue, "complete");
    assert.deepEqual(dialogue.asks({ ...download, id: 2, type: "I", mode: "B" }), ["EPSV"]);
    dialogue.answers("425 no port");
    assert.deepEqual(dialogue.asks({ ...download, id: 3, type: "I" }), ["MODE S"]);
  });

  test("R-3659-09 REST comes last, and REST 0 before the next where the transfer was refused", () => {
    const dialogue = opened();
    dialogue.asks({ ...download, restartOffset: 7n });
    dialogue.answers("229 (|||4000|)");
    assert.deepEqual(dialogue.happens({ kind: "data-connected", connection: 1 }), ["REST 7"]);
    assert.deepEqual(dialogue.answers("350 ok"), ["RETR f"]);
    dialogue.answers("550 no");
    dialogue.asks({ ...download, id: 2 });
    dialogue.answers("229 (|||4000|)");
    assert.deepEqual(dialogue.happens({ kind: "data-connected", connection: 2 }), ["REST 0"]);
    assert.deepEqual(dialogue.answers("350 ok"), ["RETR f"]);
  });

  test("REST that is refused, or answered 2yz, is no resumed transfer", () => {
    for (const [reply, code] of [
      ["502 no", "SALLYPORT_RESTART_REFUSED"],
      ["200 ok", "SALLYPORT_RESTART_REFUSED"],
    ] as const) {
      const dialogue = opened();
      dialogue.asks({ ...download, restartOffset: 7n });
      dialogue.answers("229 (|||4000|)");
      dialogue.happens({ kind: "data-connected", connection: 1 });
      assert.deepEqual(dialogue.answers(reply), []);
      assert.equal(dialogue.outcome(1), code);
    }
  });

  test("R-4217-28 a refused transfer leaves the level as it was; nothing is sent again in the clear", () => {
    for (const code of [521, 522, 534, 425, 431, 550]) {
      const dialogue = transferring(download);
      assert.deepEqual(dialogue.answers(`${code} TLS`), []);
      assert.equal(dialogue.pi.opening.protection, "P");
      assert.deepEqual(
        dialogue.of("send").filter(({ line }) => line === "PROT C"),
        [],
      );
    }
  });

  test("R-959-65 R-1123-13 ABOR is fenced by NOOP, so that every number of replies leaves the connection in step", () => {
    const variants = [
      ["426 cut", "226 aborted"],
      ["226 done", "226 nothing to abort"],
      ["226 aborted"],
      ["225 nothing"],
      ["426 cut"],
      ["426 cut", "225 open"],
      ["426 cut", "500 what is ABOR"],
    ];
    for (const [first = "", ...rest] of variants) {
      const dialogue = transferring(download);
      dialogue.answers("150 go");
      assert.deepEqual(dialogue.happens({ kind: "abort", id: 1 }), ["ABOR"]);
      assert.equal(dialogue.of("break-data").length, 1);
      assert.deepEqual(dialogue.answers(first), ["NOOP"]);
      for (const reply of rest) dialogue.answers(reply);
      assert.equal(dialogue.outcome(1), undefined);
      dialogue.answers("200 fence");
      assert.equal(dialogue.outcome(1), "SALLYPORT_ABORTED");
      assert.deepEqual(dialogue.asks({ kind: "command", id: 2, verb: "PWD" }), ["PWD"]);
      dialogue.answers("257 /");
      assert.equal(dialogue.outcome(2), 257);
    }
  });

  test("R-959-61 a connection whose server leaves ABOR, or the NOOP behind it, unanswered is closed before long", () => {
    for (const replies of [[], ["426 cut"], ["426 cut", "226 aborted"]]) {
      const dialogue = transferring(download);
      dialogue.answers("150 go");
      dialogue.happens({ kind: "abort", id: 1 });
      dialogue.answers(...replies);
      assert.equal(dialogue.of("arm").at(-1)?.timer, "abort");
      dialogue.asks({ kind: "command", id: 2, verb: "PWD" });
      assert.deepEqual(dialogue.waits(), []);
      assert.equal(dialogue.pi.phase, "closed");
      assert.equal(dialogue.outcome(1), "SALLYPORT_REPLY_TIMEOUT");
      assert.equal(dialogue.outcome(2), "SALLYPORT_REPLY_TIMEOUT");
      assert.equal(dialogue.of("close").at(-1)?.reconnect, "now");
    }
  });

  test("a transfer is given up before its command without ABOR", () => {
    const dialogue = opened();
    dialogue.asks(download);
    assert.deepEqual(dialogue.happens({ kind: "abort", id: 1 }), []);
    assert.deepEqual(dialogue.answers("229 (|||4000|)"), []);
    assert.equal(dialogue.outcome(1), "SALLYPORT_ABORTED");
    assert.deepEqual(dialogue.of("connect-data"), []);
    assert.deepEqual(dialogue.asks({ ...download, id: 2 }), ["EPSV"]);
    assert.deepEqual(dialogue.asks({ ...download, id: 3 }), []);
    dialogue.happens({ kind: "abort", id: 3 });
    assert.equal(dialogue.outcome(3), "SALLYPORT_ABORTED");
  });

  test("STAT goes ahead of a transfer after its 150, and its reply is not the transfer's", () => {
    const dialogue = transferring(download);
    assert.deepEqual(dialogue.asks({ kind: "status", id: 2 }), []);
    assert.deepEqual(dialogue.answers("150 go"), ["STAT"]);
    dialogue.says("211-Status\r\n 226 not a reply\r\n211 End\r\n");
    assert.deepEqual([dialogue.outcome(1), dialogue.outcome(2)], [undefined, 211]);
    dialogue.asks({ kind: "status", id: 3 });
    dialogue.answers("226 done");
    dataEnded(dialogue, "complete");
    dialogue.answers("211 idle");
    assert.deepEqual([dialogue.outcome(1), dialogue.outcome(3)], [226, 211]);
  });

  test("what is answered beside a transfer leaves it its own time", () => {
    const dialogue = transferring(download);
    dialogue.answers("150 go");
    assert.equal(dialogue.pi.timer, undefined);
    dialogue.asks({ kind: "status", id: 2 });
    dialogue.says("211 moving\r\n");
    assert.deepEqual([dialogue.outcome(2), dialogue.pi.timer], [211, undefined]);
    dataEnded(dialogue, "complete");
    const { timer } = dialogue.pi;
    dialogue.asks({ kind: "status", id: 3 });
    dialogue.says("211 still moving\r\n");
    assert.deepEqual([dialogue.outcome(3), dialogue.pi.timer], [211, timer]);
  });

  test("preliminary replies are bounded", () => {
    const dialogue = opened({ limits: limitValues({ preliminaryRepliesCount: 3 }) });
    dialogue.asks(download);
    dialogue.answers("229 (|||4000|)");
    dialogue.happens({ kind: "data-connected", connection: 1 });
    for (let count = 0; count < 4; count++) dialogue.answers("110 MARK 1 = 1");
    assert.equal(dialogue.outcome(1), "SALLYPORT_REPLY_UNEXPECTED");
  });
});
