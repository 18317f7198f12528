import { startTestServer, type TestServer } from "@sallyport/testing";
import { Gateway } from "@sallyport/web";
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Browser } from "playwright-core";
import { browserSkip, openPage, signIn, startBrowser } from "./browser-page.ts";

suite("The connect form in a browser", { skip: browserSkip }, () => {
  let browser: Browser;
  let server: TestServer;
  let gateway: Gateway;

  before(async () => {
    [browser, server] = await Promise.all([startBrowser(), startTestServer()]);
    gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0", authorities: server.identity.ca });
    writeFileSync(join(server.directory, "kept.txt"), "kept");
  });
  after(async () => {
    await browser.close();
    await gateway[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  test("a link fills it and sends nothing; options count, and are saved without what is secret", async () => {
    await using open = await openPage(browser, gateway);
    const { page, faults } = open;
    await page.goto("about:blank");
    await page.goto(`http://127.0.0.1:${gateway.port}/#ftpes://alice:hush@localhost:${server.explicitPort}`);
    await page.getByRole("button", { name: "Connect" }).waitFor();
    const field = (name: string) => page.locator(`input[name=${name}]`).inputValue();
    const place = `ftpes://localhost:${server.explicitPort}`;
    assert.deepEqual([await field("address"), await field("user"), await field("password")], [place, "alice", ""]);
    await page.getByText("More options").click();
    await page.getByRole("combobox", { name: "Newest TLS" }).selectOption("TLSv1.2");
    await page.getByRole("textbox", { name: "Account (ACCT)" }).fill("hidden account");
    await page.getByRole("combobox", { name: "Files", exact: true }).selectOption("C");
    await page.getByText("Anyone on the way can read your files").waitFor();
    await page.getByRole("combobox", { name: "Files", exact: true }).selectOption("");
    await page.getByLabel("Password", { exact: true }).fill("secret");
    await page.getByRole("button", { name: "Connect" }).click();
    await page.getByRole("button", { name: /explicit TLS 1\.2/ }).waitFor();
    const stored = String(await page.evaluate("JSON.stringify(localStorage)"));
    assert.match(stored, /TLSv1\.2/);
    assert.doesNotMatch(stored, /secret|hush|hidden account/);
    await page.getByTitle("Sign out").click();
    await page.getByRole("button", { name: /^alice · ftpes/ }).click();
    assert.equal(await page.getByRole("combobox", { name: "Newest TLS" }).inputValue(), "TLSv1.2");
    await page.getByRole("button", { name: /^Forget alice/ }).click();
    assert.equal(await page.evaluate("localStorage.getItem('sallyport-recent')"), "[]");
    assert.deepEqual(faults, []);
  });

  test("the wrong mode is told, and the right one offered; what never answers can be given up", async () => {
    await using open = await openPage(browser, gateway);
    const { page } = open;
    // What the address says is put right as well.
    await page.locator("input[name=address]").fill(`ftps://localhost:${server.explicitPort}`);
    await page.locator("input[name=user]").fill("alice");
    await page.locator("input[name=password]").fill("secret");
    await page.getByRole("button", { name: "Connect" }).click();
    await page.getByRole("button", { name: "Use explicit TLS" }).click();
    await page.getByRole("button", { name: "Connect" }).click();
    await page.getByRole("row", { name: "kept.txt" }).waitFor();
    await page.getByTitle("Sign out").click();

    // What never answers can be given up, and the gateway waits for it no longer either.
    const silent = createServer().listen(0, "127.0.0.1");
    const connected = once(silent, "connection", { signal: AbortSignal.timeout(10_000) });
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    await page.locator("input[name=address]").fill(`127.0.0.1:${port}`);
    await page.getByRole("button", { name: "Connect" }).click();
    const [socket] = (await connected) as [Socket];
    const closed = once(socket.resume(), "close", { signal: AbortSignal.timeout(5_000) });
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Connect" }).and(page.locator(":enabled")).waitFor();
    await closed;
    assert.equal(await page.getByRole("alert").count(), 0);
    silent.close();
  });

  test("the logins of this browser are listed, those of other windows too, and can be ended", async () => {
    await using open = await openPage(browser, gateway);
    const { page, faults } = open;
    await signIn(page, { address: `localhost:${server.explicitPort}`, mode: "Explicit" });
    await page.getByRole("row", { name: "kept.txt" }).waitFor();
    const second = await page.context().newPage();
    await second.goto("about:blank");
    await second.goto(`http://127.0.0.1:${gateway.port}/`);
    await second.getByRole("row", { name: "kept.txt" }).waitFor();
    const made = await second.evaluate<number>(`fetch("/api/logins", {
      method: "POST",
      headers: { "X-Sallyport": "1", "Content-Type": "application/json" },
      body: JSON.stringify({ address: "localhost:${server.implicitPort}", security: "implicit", user: "alice", password: "secret" }),
    }).then(({ status }) => status)`);
    assert.equal(made, 201);
    await page.getByRole("button", { name: "Logins of this browser" }).focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Logins of this browser" });
    const here = dialog.getByRole("listitem").filter({ hasText: `alice@localhost:${server.explicitPort}` });
    const other = dialog.getByRole("listitem").filter({ hasText: `alice@localhost:${server.implicitPort}` });
    await here.getByText("this one").waitFor();
    assert.match(await other.innerText(), /Implicit, TLS 1\.3 · since .+ · last used /);
    await dialog.getByRole("button", { name: "End all others" }).click();
    await other.waitFor({ state: "detached" });
    assert.equal(await dialog.getByRole("listitem").count(), 1);
    await here.getByRole("button", { name: /^Sign out of alice@localhost/ }).click();
    for (const each of [page, second]) await each.getByText("You were signed out.").waitFor();
    assert.equal(await dialog.count(), 0);
    assert.deepEqual(faults, []);
  });

  test("a connection that is lost is told, and what was listed stays", async () => {
    await using other = await startTestServer();
    writeFileSync(join(other.directory, "stays.txt"), "x");
    const authorities = other.identity.ca;
    await using own = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0", authorities });
    await using open = await openPage(browser, own);
    const { page } = open;
    await signIn(page, { address: `localhost:${other.explicitPort}`, mode: "Explicit" });
    await page.getByRole("row", { name: "stays.txt" }).waitFor();
    await other.server[Symbol.asyncDispose]();
    await page.keyboard.press("Control+l");
    await page.keyboard.type("/elsewhere");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    await page.getByRole("row", { name: "stays.txt" }).waitFor();
  });
});
