import type { Octets } from "@sallyport/protocol";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  isAboutFile,
  type ServerTraits,
  type Way,
  type WayFailure,
  waysAfter,
  waysBetween,
} from "../../src/fxp/ways.ts";

const server = (verbs: string, traits: Partial<ServerTraits> = {}): ServerTraits => ({
  features: new Map(verbs.split(" ").map((verb) => [verb, "" as Octets])),
  protectsData: true,
  peerAddress: "192.0.2.1",
  ...traits,
});

/** `to SSCN from`: the target listens, and by SSCN the source is the client in TLS. */
const short = ({ listener, secure }: Way): string =>
  secure === undefined ? `${listener} clear` : `${listener} ${secure.by} ${secure.client}`;

const between = (from: ServerTraits, to: ServerTraits, clear = false): string[] =>
  waysBetween({ from, to }, { clear }).map(short);

describe("ways between two servers", () => {
  it("R-FXP-01 R-FXP-02 follow from FEAT, the server that connects being the client in TLS where it can", () => {
    assert.deepEqual(between(server("SSCN"), server("")), ["to SSCN from", "from SSCN from"]);
    assert.deepEqual(between(server(""), server("SSCN")), ["to SSCN to", "from SSCN to"]);
    assert.deepEqual(between(server("CPSV"), server("CPSV")), ["to CPSV to", "from CPSV from"]);
    assert.deepEqual(between(server("CPSV SSCN"), server("CPSV SSCN")), [
      "to SSCN from",
      "to CPSV to",
      "to SSCN to",
      "from SSCN to",
      "from CPSV from",
      "from SSCN from",
    ]);
    assert.deepEqual(between(server("CPSV", { peerAddress: "2001:db8::1" }), server("")), []);
  });

  it("R-4217-43 are none without SSCN and CPSV or without PROT P, unless clear is permitted", () => {
    const [able, unable, plain] = [server("SSCN"), server(""), server("SSCN", { protectsData: false })];
    assert.deepEqual(between(unable, unable), []);
    assert.deepEqual(between(plain, able), []);
    assert.deepEqual(between(able, plain), []);
    assert.deepEqual(between(plain, plain, true), ["to clear", "from clear"]);
    assert.deepEqual(between(able, unable, true), ["to SSCN from", "from SSCN from", "to clear", "from clear"]);
  });

  it("S-10 no server is sent to one whose address a proxy keeps to itself", () => {
    const proxied = server("CPSV SSCN", { peerAddress: "ftp.example.org" });
    assert.deepEqual(between(proxied, server("SSCN")), ["to SSCN from", "to SSCN to"]);
    assert.deepEqual(between(proxied, proxied, true), []);
  });

  it("after a failure, those go that must fail for the same reason", () => {
    const all = waysBetween({ from: server("CPSV SSCN"), to: server("CPSV SSCN") }, { clear: true });
    const after = (way: number, failure: Partial<WayFailure>): string[] => {
      const first = all[way];
      assert.ok(first);
      const facts = { side: "from", verb: undefined, replyCode: undefined, code: "", ...failure } as const;
      return waysAfter(all, { ...facts, way: first }).map(short);
    };
    const clear = ["to clear", "from clear"];
    assert.deepEqual(after(0, { verb: "SSCN", replyCode: 534 }), [
      ...["to CPSV to", "to SSCN to", "from SSCN to", "from CPSV from"],
      ...clear,
    ]);
    const fromListens = ["from SSCN to", "from CPSV from", "from SSCN from", "from clear"];
    assert.deepEqual(after(0, { verb: "PORT", replyCode: 500 }), fromListens);
    assert.deepEqual(after(0, { side: "to", verb: "PASV", replyCode: 502 }), fromListens);
    assert.deepEqual(after(0, { side: "to", code: "SALLYPORT_FOREIGN_ADDRESS" }), fromListens);
    assert.deepEqual(after(0, { verb: "RETR", replyCode: 522 }), [
      ...["to CPSV to", "to SSCN to", "from SSCN to"],
      ...clear,
    ]);
    assert.deepEqual(after(0, { verb: "RETR", replyCode: 425 }), all.slice(1).map(short));
    assert.deepEqual(after(6, { verb: "PROT", replyCode: 536 }), all.slice(0, 6).map(short));
  });

  it("end, whatever fails: each failure leaves fewer", () => {
    const verbs = fc.constantFrom("", "SSCN", "CPSV", "CPSV SSCN");
    const failure = fc.record({
      side: fc.constantFrom("from" as const, "to" as const),
      verb: fc.constantFrom(undefined, "SSCN", "CPSV", "PASV", "EPSV", "PORT", "EPRT", "PROT", "RETR", "STOR", "TYPE"),
      replyCode: fc.constantFrom(undefined, 421, 425, 426, 500, 522, 534, 550),
      code: fc.constantFrom("SALLYPORT_COMMAND_REFUSED", "SALLYPORT_CONNECTION_LOST", "SALLYPORT_FXP_TIMEOUT"),
    });
    fc.assert(
      fc.property(verbs, verbs, fc.boolean(), fc.infiniteStream(failure), (from, to, clear, failures) => {
        let left = waysBetween({ from: server(from), to: server(to) }, { clear });
        for (const one of failures) {
          const [way] = left;
          if (way === undefined) return;
          const next = waysAfter(left, { ...one, way });
          assert.ok(next.length < left.length);
          assert.ok(next.every((kept) => left.includes(kept)));
          left = next;
        }
      }),
    );
  });

  it("none helps where the file is the trouble", () => {
    assert.ok(isAboutFile({ verb: "RETR", replyCode: 550 }));
    assert.ok(isAboutFile({ verb: "STOR", replyCode: 552 }));
    assert.ok(!isAboutFile({ verb: "PORT", replyCode: 550 }));
    assert.ok(!isAboutFile({ verb: "STOR", replyCode: 425 }));
  });
});
