import { explain, type ExplainEvent, type StrippedClient } from "@sallyport/inspector";
import { makeTestIdentity, startScriptedPeer, startTestServer } from "@sallyport/testing";
import { explainPage, serveExplanation } from "@sallyport/web/explain-page";
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Browser, Locator, Page } from "playwright-core";
import { browserSkip, objectionsInEachLook, startBrowser } from "./browser-page.ts";

const identity = makeTestIdentity({ names: ["localhost"] });
const folder = mkdtempSync(join(tmpdir(), "sallyport-explained-"));
const evil = "220 </script><img src=x onerror=document.title='owned'> ready";

const ink = (shown: Locator): Promise<string> =>
  shown.evaluate((one) => (globalThis as unknown as StyledWindow).getComputedStyle(one).color);

/** What of a browser's window is used here. */
interface StyledWindow {
  getComputedStyle(element: unknown): { readonly color: string };
}

suite("an explanation as a page", { skip: browserSkip }, () => {
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];

  before(async () => {
    browser = await startBrowser();
    await using peer = await startScriptedPeer({
      tls: { key: identity.key, cert: identity.certificate },
      greeting: `${evil}\r\n`,
    });
    const target = { host: "localhost", ports: { explicit: peer.explicitPort, implicit: peer.implicitPort } };
    const run = async (stripped?: StrippedClient): Promise<readonly ExplainEvent[]> => {
      const options = { ports: target.ports, ca: identity.ca, octets: true, ...(stripped && { stripped }) };
      return await Array.fromAsync(explain("localhost", options));
    };
    const recordings = {
      none: await run(),
      required: await run("required"),
      "if-available": await run("if-available"),
    };
    const file = join(folder, "explained.html");
    writeFileSync(file, await explainPage(target, recordings));
    page = await browser.newPage();
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => void (message.type() === "error" && faults.push(message.text())));
    await page.goto(`file://${file}`);
  });
  after(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  test("both modes stand side by side, with what each came to", async () => {
    await page.getByText("TLS from the first octet").first().waitFor();
    await page
      .getByText(/TLS behind \d+ octets in clear/)
      .first()
      .waitFor();
    await page.getByRole("rowheader", { name: "round trips before USER can go" }).waitFor();
    assert.equal(await page.getByText("inside: QUIT").count(), 2);
    await page.getByText(/^Both modes keep the login secret/).waitFor();
    assert.equal(await page.getByRole("img", { name: /Both modes on one axis of \d+ ms/ }).count(), 1);
  });

  test("a record shows its octets, and a field the octets that carry it", async () => {
    await page
      .getByRole("button", { name: /ClientHello/ })
      .first()
      .click();
    const detail = page.getByRole("region", { name: "Octets and fields" });
    await detail.getByText("server_name").first().hover();
    const lit = await detail.locator(".octet.lit").allTextContents();
    assert.match(Buffer.from(lit.join(""), "hex").toString("latin1"), /localhost/);
    await detail.locator(".octet").first().hover();
    assert.match(await detail.locator(".field.lit").innerText(), /^(?:type|record)/);
    const link = page.getByRole("link", { name: "RFC 6066 §3" });
    assert.equal(await link.getAttribute("href"), "https://www.rfc-editor.org/rfc/rfc6066#section-3");
  });

  test("keys alone go through it, and each step says what it means", async () => {
    await page.reload();
    const count = Number(await page.getByRole("slider").getAttribute("max"));
    const position = page.locator(".position");
    await page.keyboard.press("Tab");
    await page.keyboard.press("o");
    assert.equal(await page.locator("sallyport-explain").getAttribute("outsider"), null, "a checkbox keeps its keys");
    await page.getByRole("button", { name: "One step on" }).focus();
    await page.keyboard.press("ArrowRight");
    assert.equal(await position.innerText(), `1 of ${count}`);
    await page.getByText(/^The client opens a TCP connection/).waitFor();
    for (let step = 2; step <= count; step++) {
      await page.keyboard.press("ArrowRight");
      assert.ok((await page.locator(".told").innerText()).length > 20);
    }
    assert.equal(await position.innerText(), `${count} of ${count}`);
    await page.keyboard.press("Home");
    assert.equal(await position.innerText(), `1 of ${count}`);
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowLeft");
    assert.equal(await position.innerText(), `${count - 1} of ${count}`);
    await page.keyboard.press("o");
    assert.notEqual(await page.locator("sallyport-explain").getAttribute("outsider"), null);
    await page.keyboard.press("o");
  });

  test("it plays again from the beginning, and hides from an outsider what is inside", async () => {
    const slider = page.getByRole("slider");
    await slider.fill("1");
    assert.equal(await page.getByText("inside: QUIT").first().isVisible(), false);
    await slider.fill(String(await slider.getAttribute("max")));
    const inside = page.getByText("inside: QUIT").first();
    const unhidden = await ink(inside);
    await page.getByLabel("as somebody on the wire sees it").check();
    assert.notEqual(await ink(inside), unhidden);
    await page
      .getByRole("button", { name: /application_data/ })
      .first()
      .click();
    await page.getByText(/^Somebody on the wire sees \d+ octets of noise/).waitFor();
    const detail = page.getByRole("region", { name: "Octets and fields" });
    assert.ok((await detail.locator(".sealed-fields").count()) > 0);
    for (const sealed of await detail.locator(".sealed-fields").all()) assert.equal(await sealed.isVisible(), false);
    await page.getByRole("button", { name: "All" }).click();
    await page
      .getByRole("button", { name: /^encrypted: nobody/ })
      .last()
      .click();
    assert.equal(await detail.count(), 0, "nobody on the wire sees the octets of a line inside");
    await page.getByLabel("as somebody on the wire sees it").uncheck();
  });

  test("S-03 where AUTH is taken away, one client loses its password and the other leaves", async () => {
    const between = page.getByLabel(/^what if/);
    await between.selectOption("if-available");
    await page.getByText(/^Whoever took AUTH away has the password/).waitFor();
    await page.getByRole("button", { name: /^USER alice/ }).click();
    await page.getByText(/^The name goes over the wire in clear/).waitFor();
    await page.getByRole("button", { name: "All" }).click();
    assert.equal(await page.getByText("not the server").count(), 3);
    await between.selectOption("required");
    await page.getByText(/^Nothing is lost but the connection/).waitFor();
    assert.equal(await page.getByRole("button", { name: /USER/ }).count(), 0);
    await between.selectOption("none");
  });

  test("what a server says is text, the page loads nothing, and anybody can use it, light, dark and small", async () => {
    await page.reload();
    await page.getByRole("button", { name: evil }).first().click();
    assert.equal(await page.title(), "FTPS of localhost, explained");
    assert.deepEqual(await objectionsInEachLook(page), []);
    assert.deepEqual(faults, []);
  });
});

suite("a served explanation", { skip: browserSkip }, () => {
  test("shows a login's data connection, resumed, and asks the server anew each time", async () => {
    await using server = await startTestServer();
    const ports = { explicit: server.explicitPort, implicit: server.implicitPort };
    const credentials = { user: "alice", password: "secret" };
    await using served = await serveExplanation({ host: "localhost", ports }, (stripped, signal) =>
      explain("localhost", {
        ports,
        ca: server.identity.ca,
        octets: true,
        credentials,
        signal,
        ...(stripped && { stripped }),
      }),
    );
    const browser = await startBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(served.url);
      await page.getByText(/^Both modes keep the login secret/).waitFor();
      assert.equal(await page.getByText("it continues the TLS of the control connection").count(), 2);
      assert.equal(await page.getByText("data, resumed").count(), 2);
      assert.equal(await page.getByText("inside: PASS ****").count(), 2);
      await page.getByLabel(/^what if/).selectOption("required");
      await page.getByText(/^Nothing is lost but the connection/).waitFor();
    } finally {
      await browser.close();
    }
    const { origin } = new URL(served.url);
    assert.equal((await fetch(`${origin}/`)).status, 404);
    assert.equal((await fetch(`${origin}/events`)).status, 404);
    const stranger = await new Promise<number | undefined>((resolve, reject) => {
      get(served.url, { headers: { Host: "evil.example.test" } }, (response) =>
        resolve(response.resume().statusCode),
      ).once("error", reject);
    });
    assert.equal(stranger, 403);
    const logins = server.events.filter(({ kind }) => kind === "login").length;
    assert.equal(logins, 2, "nobody logs in where AUTH is taken away");
  });
});

test("a live page outlives requests for what is no address, which any page in the browser can send", async () => {
  const ports = { explicit: 21, implicit: 990 };
  await using served = await serveExplanation({ host: "localhost", ports }, async function* () {});
  const { port } = new URL(served.url);
  for (const target of ["//", "http://[/", "*"]) {
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const [first] = (await once(socket, "data")) as [Buffer];
    assert.match(first.toString(), /^HTTP\/1\.1 40[034] /, target);
  }
  assert.equal((await fetch(served.url)).status, 200);
});
