import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Octets, TransferRequest } from "@sallyport/protocol";
import { dataEnded, Dialogue, download, opened, secured, upload } from "./user-pi-dialogue.ts";

const ahead = { sendsAhead: true } as const;
const binary: TransferRequest = { ...download, id: 7, type: "I" };

describe("commands sent ahead", () => {
  test("PBSZ, PROT and FEAT go out together behind the login, and nothing goes behind AUTH, USER or PASS", () => {
    const dialogue = new Dialogue(ahead);
    assert.deepEqual(dialogue.answers("220 ready"), ["AUTH TLS"]);
    assert.deepEqual(dialogue.answers("234 go"), []);
    assert.deepEqual(dialogue.happens({ kind: "tls-established" }), ["USER alice"]);
    assert.deepEqual(dialogue.answers("331 password"), ["PASS s3cret"]);
    assert.deepEqual(dialogue.answers("230 in"), ["PBSZ 0", "PROT P", "FEAT"]);
    dialogue.answers("200 ok", "200 P");
    assert.equal(dialogue.pi.phase, "opening");
    dialogue.answers("502 no FEAT");
    assert.equal(dialogue.pi.phase, "open");
  });

  test("R-CLI-02 a refusal of PROT ends the connection, whatever was sent behind it", () => {
    const dialogue = secured(ahead);
    dialogue.answers("331 password", "230 in");
    assert.deepEqual(dialogue.answers("200 ok", "534 no"), ["QUIT"]);
    assert.equal(dialogue.of("close")[0]?.failure?.code, "SALLYPORT_PROTECTION_REFUSED");
    assert.deepEqual(dialogue.answers("211 no features"), []);
  });

  test("TYPE, SIZE and the passive command go out together, and the transfer when the data connection stands", () => {
    const dialogue = opened(ahead);
    const size = { kind: "command", id: 6, verb: "SIZE", argument: "f" as Octets, type: "I" } as const;
    assert.deepEqual(dialogue.asks(size), ["TYPE I", "SIZE f"]);
    assert.deepEqual(dialogue.asks(binary), ["EPSV"]);
    dialogue.answers("200 I", "213 5");
    assert.equal(dialogue.outcome(6), 213);
    assert.deepEqual(dialogue.answers("229 (|||4000|)"), []);
    assert.deepEqual(dialogue.happens({ kind: "data-connected", connection: 1 }), ["RETR f"]);
    dataEnded(dialogue, "complete");
    dialogue.answers("150 go", "226 done");
    assert.equal(dialogue.outcome(7), 226);
  });

  test("PRET goes with them where the server has it, and no command goes behind a transfer", () => {
    const dialogue = secured(ahead);
    dialogue.answers("331 password", "230 in");
    dialogue.says("200 ok\r\n200 P\r\n211-Features\r\n PRET\r\n211 End\r\n");
    assert.deepEqual(dialogue.asks(binary), ["TYPE I", "PRET RETR f", "EPSV"]);
    dialogue.answers("200 I", "200 ok", "229 (|||4000|)");
    dialogue.happens({ kind: "data-connected", connection: 1 });
    assert.deepEqual(dialogue.asks({ kind: "command", id: 8, verb: "SIZE", argument: "g" as Octets }), []);
    assert.deepEqual(dialogue.asks({ ...binary, id: 9 }), []);
  });

  test("REST goes right behind the passive command, and again where another passive command has to follow", () => {
    const from5 = { ...binary, restartOffset: 5n };
    const dialogue = opened(ahead);
    assert.deepEqual(dialogue.asks(from5), ["TYPE I", "EPSV", "REST 5"]);
    dialogue.answers("200 I", "229 (|||4000|)");
    assert.deepEqual(dialogue.happens({ kind: "data-connected", connection: 1 }), []);
    assert.deepEqual(dialogue.answers("350 from 5"), ["RETR f"]);
    const falling = opened(ahead);
    falling.asks(from5);
    assert.deepEqual(falling.answers("200 I", "500 no EPSV"), []);
    assert.deepEqual(falling.answers("350 from 5"), ["PASV", "REST 5"]);
    falling.answers("227 (192,0,2,1,15,160)", "350 from 5");
    assert.deepEqual(falling.happens({ kind: "data-connected", connection: 2 }), ["RETR f"]);
  });

  test("a TYPE that is refused fails its transfer, and the reply to EPSV behind it is nobody else's", () => {
    const dialogue = opened(ahead);
    assert.deepEqual(dialogue.asks(binary), ["TYPE I", "EPSV"]);
    assert.deepEqual(dialogue.asks({ ...binary, id: 8, type: "A" }), []);
    assert.deepEqual(dialogue.answers("504 no"), []);
    assert.equal(dialogue.outcome(7), "SALLYPORT_PARAMETER_REFUSED");
    assert.deepEqual(dialogue.answers("229 (|||4000|)"), ["EPSV"]);
    assert.deepEqual(dialogue.of("connect-data"), []);
    assert.deepEqual(dialogue.answers("229 (|||4001|)"), []);
    assert.deepEqual(dialogue.of("connect-data")[0]?.endpoint, { host: "192.0.2.1", port: 4001 });
  });

  test("a transfer that is given up while they are on their way leaves the connection in step", () => {
    const dialogue = opened(ahead);
    dialogue.asks({ ...upload, id: 7, type: "I" });
    dialogue.happens({ kind: "abort", id: 7 });
    assert.deepEqual(dialogue.answers("200 I", "229 (|||4000|)"), []);
    assert.equal(dialogue.outcome(7), "SALLYPORT_ABORTED");
    assert.deepEqual(dialogue.asks({ kind: "command", id: 8, verb: "PWD" }), ["PWD"]);
  });

  test("servers that are known to lose commands get them one by one", () => {
    const dialogue = new Dialogue(ahead);
    dialogue.answers("220 Microsoft FTP Service");
    dialogue.answers("234 go");
    dialogue.happens({ kind: "tls-established" });
    dialogue.answers("331 password");
    assert.deepEqual(dialogue.answers("230 in"), ["PBSZ 0"]);
  });
});

describe("the passive command of the next transfer, right behind the transfer command", () => {
  const first: TransferRequest = { ...binary, id: 1, preparesNext: true };
  const next: TransferRequest = { ...first, id: 2, argument: "g" as Octets };

  /** The first transfer is under way, the passive command behind it. */
  const preparing = (request = first): Dialogue => {
    const dialogue = opened(ahead);
    dialogue.asks(request);
    dialogue.answers("200 I", "229 (|||4000|)");
    const sent = dialogue.happens({ kind: "data-connected", connection: 1 });
    assert.deepEqual(sent, [`${request.verb} f`, "EPSV"]);
    dialogue.answers("150 go");
    return dialogue;
  };

  const prepared = (...replies: string[]): Dialogue => {
    const dialogue = preparing();
    dataEnded(dialogue, "complete");
    dialogue.answers(...replies);
    return dialogue;
  };

  test("is answered behind the completion reply, and the next transfer connects there at once", () => {
    const dialogue = prepared("226 done", "229 (|||4001|)");
    assert.equal(dialogue.outcome(1), 226);
    assert.deepEqual(dialogue.asks(next), []);
    assert.deepEqual(dialogue.of("connect-data").at(-1)?.endpoint, { host: "192.0.2.1", port: 4001 });
    assert.deepEqual(dialogue.happens({ kind: "data-connected", connection: 2 }), ["RETR g", "EPSV"]);
  });

  test("is waited for by the next transfer, and by every other command", () => {
    const dialogue = prepared("226 done");
    assert.equal(dialogue.outcome(1), 226);
    assert.deepEqual(dialogue.asks({ kind: "command", id: 8, verb: "SIZE", argument: "g" as Octets }), []);
    assert.deepEqual(dialogue.asks(next), []);
    assert.deepEqual(dialogue.answers("229 (|||4001|)"), ["SIZE g"]);
    assert.deepEqual(dialogue.answers("213 5"), []);
    assert.equal(dialogue.of("connect-data").at(-1)?.endpoint.port, 4001);
  });

  test("is not sent again once it was refused, or answered with no endpoint; the next transfer asks itself", () => {
    for (const refusal of ["500 what?", "450 busy", "226 done again", "229 no port", "350 more"]) {
      const dialogue = prepared("226 done", refusal);
      assert.equal(dialogue.outcome(1), 226, refusal);
      assert.deepEqual(dialogue.asks(next), ["EPSV"]);
      dialogue.answers("229 (|||4001|)");
      assert.deepEqual(dialogue.happens({ kind: "data-connected", connection: 2 }), ["RETR g"]);
    }
  });

  test("may be answered before the transfer is over, and refused as unknown there, too", () => {
    for (const [reply, expected] of [
      ["229 (|||4001|)", []],
      ["500 what?", ["EPSV"]],
    ] as const) {
      const dialogue = preparing();
      dialogue.answers(reply);
      assert.equal(dialogue.outcome(1), undefined);
      dataEnded(dialogue, "complete");
      dialogue.answers("226 done");
      assert.equal(dialogue.outcome(1), 226);
      assert.deepEqual(dialogue.asks(next), expected);
    }
  });

  test("leaves the refusal of the transfer command to the transfer", () => {
    const dialogue = preparing({ ...first, verb: "STOR", direction: "upload" });
    dialogue.answers("552 full", "229 (|||4001|)");
    assert.equal(dialogue.outcome(1), "SALLYPORT_COMMAND_REFUSED");
    dialogue.asks(next);
    assert.equal(dialogue.of("connect-data").at(-1)?.endpoint.port, 4001);
  });

  test("an endpoint that is not there any more is asked for anew, and EPSV is not held against the server", () => {
    const dialogue = prepared("226 done", "229 (|||4001|)");
    dialogue.asks(next);
    assert.deepEqual(dataEnded(dialogue, "failed", 2), ["EPSV"]);
    dialogue.answers("229 (|||4002|)");
    assert.deepEqual(dialogue.happens({ kind: "data-connected", connection: 3 }), ["RETR g", "EPSV"]);
    assert.deepEqual(dialogue.of("remember"), []);
  });

  test("an endpoint does not outlive another set-up", () => {
    const dialogue = prepared("226 done", "229 (|||4001|)");
    const between = { setUp: "PASV", hosts: [], protection: "C", secureClient: false } as const;
    dialogue.asks({ ...next, id: 3, between });
    assert.deepEqual(dialogue.answers("200 C"), ["PASV"]);
    assert.equal(dialogue.pi.reserve.kind, "none");
  });

  test("a transfer that is aborted while it is unanswered ends the connection", () => {
    const dialogue = preparing();
    assert.deepEqual(dialogue.happens({ kind: "abort", id: 1 }), []);
    assert.equal(dialogue.outcome(1), "SALLYPORT_ABORTED");
    assert.equal(dialogue.of("close")[0]?.reconnect, "now");
    assert.equal(dialogue.of("break-data").length, 1);
  });

  test("S-10 an endpoint that nobody asked for, or asked for once, ends the connection and completes no transfer", () => {
    const twice = preparing();
    twice.answers("229 (|||4001|)");
    dataEnded(twice, "complete");
    twice.answers("229 (|||4002|)");
    assert.equal(twice.outcome(1), "SALLYPORT_REPLY_UNSOLICITED");
    const unasked = opened(ahead);
    unasked.asks({ ...first, preparesNext: false });
    unasked.answers("200 I", "229 (|||4000|)");
    unasked.happens({ kind: "data-connected", connection: 1 });
    unasked.answers("229 (|||4001|)");
    assert.equal(unasked.outcome(1), "SALLYPORT_REPLY_UNSOLICITED");
    const afterAbort = preparing();
    afterAbort.answers("229 (|||4001|)");
    afterAbort.happens({ kind: "abort", id: 1 });
    afterAbort.answers("426 cut", "229 (|||4002|)");
    assert.equal(afterAbort.pi.phase, "closed");
    for (const dialogue of [twice, unasked, afterAbort]) assert.equal(dialogue.of("connect-data").length, 1);
  });

  test("an endpoint does not outlive ABOR", () => {
    const dialogue = preparing();
    dialogue.answers("229 (|||4001|)");
    assert.deepEqual(dialogue.happens({ kind: "abort", id: 1 }), ["ABOR"]);
    dialogue.answers("426 cut", "226 aborted", "200 fence");
    assert.equal(dialogue.outcome(1), "SALLYPORT_ABORTED");
    assert.deepEqual(dialogue.asks(next), ["EPSV"]);
  });

  test("S-10 another host that PASV names is not connected to", () => {
    const dialogue = opened(ahead, { memory: { passive: "PASV" } });
    dialogue.asks(first);
    dialogue.answers("200 I", "227 (192,0,2,1,15,160)");
    assert.deepEqual(dialogue.happens({ kind: "data-connected", connection: 1 }), ["RETR f", "PASV"]);
    dialogue.answers("150 go");
    dataEnded(dialogue, "complete");
    dialogue.answers("226 done", "227 (198,51,100,7,15,161)");
    dialogue.asks(next);
    assert.deepEqual(dialogue.of("connect-data").at(-1)?.endpoint, { host: "192.0.2.1", port: 4001 });
  });

  test("is not sent without being asked for, nor where commands go one by one", () => {
    for (const [policy, request] of [
      [ahead, { ...first, preparesNext: false }],
      [{ sendsAhead: false }, first],
    ] as const) {
      const dialogue = opened(policy);
      dialogue.asks(request);
      dialogue.answers("200 I", "229 (|||4000|)");
      assert.deepEqual(dialogue.happens({ kind: "data-connected", connection: 1 }), ["RETR f"]);
    }
  });
});
