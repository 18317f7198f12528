import { mockMechanism, startTestServer, testAccount } from "@sallyport/testing";
import { Gateway } from "@sallyport/web";
import assert from "node:assert/strict";
import { test } from "node:test";
import { BrowserHalf } from "./browser-half.ts";
import { browserSkip, openPage, startBrowser } from "./browser-page.ts";

/** Takes alice's ticket and no password. */
const authenticator = {
  identify: async (
    user: string,
    { principal }: { readonly principal?: { readonly accountNames: readonly string[] } },
  ) => (principal?.accountNames.includes(user) === true ? testAccount(user) : undefined),
  authenticate: async () => ({ kind: "refused" }) as const,
};

test("the gateway's ticket logs in where the gateway lends it, and nowhere else", async () => {
  await using mechanism = mockMechanism();
  await using server = await startTestServer({ authenticator, gssapi: { mechanism, suffices: true } });
  await using lending = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0", kerberos: mechanism });
  await using other = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0" });
  const wanted = {
    address: `localhost:${server.explicitPort}`,
    security: "auto",
    user: "alice",
    password: "",
    wishes: { kerberos: true },
  } as const;
  const browser = new BrowserHalf(lending.port);
  assert.deepEqual(await (await browser.send("GET", "/api/offer")).json(), { proxies: true, kerberos: true });
  const login = await browser.signIn(wanted);
  assert.equal(login.kerberos, "ftp@localhost");
  assert.equal(login.tls, undefined);
  const listed = await browser.post(`/api/logins/${login.id}/list`, { path: login.path });
  assert.equal(listed.status, 200, await listed.text());

  const elsewhere = new BrowserHalf(other.port);
  const refused = await elsewhere.post("/api/logins", wanted);
  assert.equal(refused.status, 403);
  assert.equal(((await refused.json()) as { readonly code: string }).code, "SALLYPORT_WISH_REFUSED");
  const unasked = await browser.post("/api/logins", { ...wanted, wishes: {} });
  assert.notEqual(unasked.status, 201, "without the wish it is TLS, and a password");
});

test("the connect form offers the ticket, and the badge says what protects", { skip: browserSkip }, async () => {
  await using mechanism = mockMechanism();
  await using server = await startTestServer({ authenticator, gssapi: { mechanism, suffices: true } });
  await using gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0", kerberos: mechanism });
  await using browser = { chromium: await startBrowser(), [Symbol.asyncDispose]: () => browser.chromium.close() };
  await using open = await openPage(browser.chromium, gateway);
  const { page, faults } = open;
  await page.getByRole("combobox", { name: "Server" }).fill(`localhost:${server.explicitPort}`);
  await page.getByLabel("User", { exact: true }).fill("alice");
  await page.getByText("More options", { exact: true }).click();
  await page.getByLabel(/Log in by the Kerberos ticket/).check();
  await page.getByRole("button", { name: "Connect" }).click();
  await page
    .getByRole("status")
    .filter({ hasText: /Kerberos.*ftp@localhost/ })
    .waitFor();
  assert.deepEqual(faults, []);
});
