import type { ConnectionStatus } from "@sallyport/server";
import assert from "node:assert/strict";
import { test } from "node:test";
import { whoTable } from "../src/who-table.ts";

const options = { nowMs: 0, width: 120, colour: false, glyphs: "ascii" } as const;

test("who came by Kerberos is named, and whether anybody can read what is said", () => {
  const status = (connection: number, isPrivate: boolean): ConnectionStatus => ({
    connection,
    remoteAddress: "192.0.2.1",
    remotePort: 40_000,
    tlsMode: "explicit",
    security: { mechanism: "GSSAPI", principal: "alice@EXAMPLE.ORG", isPrivate },
    account: "alice",
    openedAtMs: 0,
    activity: { kind: "idle", durationMs: 0 },
  });
  const [, sealed = "", encrypted = ""] = whoTable([status(1, false), status(2, true)], options);
  assert.match(sealed, /explicit GSSAPI alice@EXAMPLE\.ORG/);
  assert.match(encrypted, /explicit GSSAPI alice@EXAMPLE\.ORG/);
  assert.notEqual(sealed.replace("1", "2"), encrypted, "the marks differ");
});
