import assert from "node:assert/strict";
import test from "node:test";
import { securityCandidates, type SecurityWish } from "../../src/connection/security-choice.ts";

const rows: readonly { readonly wish: SecurityWish; readonly tried: readonly string[] }[] = [
  { wish: { security: "auto", port: undefined }, tried: ["explicit 21 +0", "implicit 990 +250"] },
  { wish: { security: "auto", port: 990 }, tried: ["implicit 990 +0"] },
  { wish: { security: "auto", port: 2121 }, tried: ["explicit 2121 +0", "implicit 2121 +2000 if silent"] },
  { wish: { security: "auto", port: undefined, known: "implicit" }, tried: ["implicit 990 +0"] },
  { wish: { security: "auto", port: 2121, known: "explicit" }, tried: ["explicit 2121 +0"] },
  { wish: { security: "explicit", port: undefined, known: "implicit" }, tried: ["explicit 21 +0"] },
  { wish: { security: "implicit", port: undefined }, tried: ["implicit 990 +0"] },
  { wish: { security: "plain", port: undefined, known: "explicit" }, tried: ["plain 21 +0"] },
];

for (const { wish, tried } of rows) {
  test(`R-CLI-01 ${JSON.stringify(wish)} tries ${tried.join(", ")}`, () => {
    const found = securityCandidates(wish).map(
      ({ security, port, afterMs, onlyIfSilent }) =>
        `${security} ${port} +${afterMs}${onlyIfSilent ? " if silent" : ""}`,
    );
    assert.deepEqual(found, tried);
  });
}
