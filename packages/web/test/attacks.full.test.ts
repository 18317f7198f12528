import { Gateway } from "@sallyport/web";
import assert from "node:assert/strict";
import { test } from "node:test";
import { bounds } from "../src/gateway/bounds.ts";
import { BrowserHalf } from "./browser-half.ts";
import { hostileRequest, listed, startHostileServer } from "./hostile-server.ts";

test("a directory without end is shown as far as the bound, and the gateway ends the listing", async () => {
  await using server = await startHostileServer();
  await using gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0" });
  const browser = new BrowserHalf(gateway.port, 300_000);
  const login = await browser.signIn(hostileRequest(server.port));
  const { entries, last } = await listed(await browser.post(`/api/logins/${login.id}/list`, { path: "/endless" }));
  assert.equal(entries.length, bounds.entriesPerListing);
  await server.brokenOff;
  assert.ok("failure" in last && last.failure.code === "SALLYPORT_LISTING_TOO_LONG", JSON.stringify(last));
});
