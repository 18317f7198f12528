import { startTestServer, type TestServer } from "@sallyport/testing";
import { Gateway, type GatewayOptions } from "@sallyport/web";
import assert from "node:assert/strict";
import { get } from "node:http";
import { after, before, suite, test } from "node:test";
import type { Browser } from "playwright-core";
import { browserSkip, openPage, startBrowser } from "./browser-page.ts";

suite("both modes, watched live", () => {
  let server: TestServer;
  let gateway: Gateway;

  before(async () => {
    server = await startTestServer();
    gateway = await start({ authorities: server.identity.ca });
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  suite("in a browser", { skip: browserSkip }, () => {
    let browser: Browser;
    before(async () => void (browser = await startBrowser()));
    after(() => browser.close());

    test("a person names a server and sees what crosses the wire, and what it comes to", async () => {
      await using open = await openPage(browser, gateway);
      const { page, faults } = open;
      await page.getByRole("link", { name: /Watch explicit and implicit/ }).click();
      await page.getByLabel("Explicit port").fill(String(server.explicitPort));
      await page.getByLabel("Server").fill("localhost");
      await page.getByLabel("Implicit port").fill(String(server.implicitPort));
      await page.getByRole("button", { name: "Watch" }).click();
      await page.getByText(/^Both modes keep the login secret/).waitFor();
      assert.equal(await page.getByText("verified for localhost", { exact: true }).count(), 2);
      assert.equal(await page.getByRole("button", { name: /ClientHello/ }).count(), 2);
      await page.getByRole("button", { name: "Watch" }).waitFor();
      assert.deepEqual(faults, []);
    });
  });

  suite("by a link", { skip: browserSkip }, () => {
    let browser: Browser;
    before(async () => void (browser = await startBrowser()));
    after(() => browser.close());

    test("the server is named and nothing is asked of it until somebody does; then AUTH may be taken away", async () => {
      await using open = await openPage(browser, gateway);
      const { page, faults } = open;
      const requests: string[] = [];
      page.on("request", (request) => void (request.url().includes("/api/explain") && requests.push(request.url())));
      const place = `#explain?host=localhost&explicit=${server.explicitPort}&implicit=${server.implicitPort}`;
      await page.goto(`http://127.0.0.1:${gateway.port}/${place}`);
      await page.getByRole("button", { name: "Watch" }).waitFor();
      assert.equal(await page.getByLabel("Explicit port").inputValue(), String(server.explicitPort));
      assert.deepEqual(requests, []);
      await page.getByRole("button", { name: "Watch" }).click();
      await page.getByText(/^Both modes keep the login secret/).waitFor();
      await page.getByLabel(/^what if/).selectOption("if-available");
      await page.getByText(/^Whoever took AUTH away has the password/).waitFor();
      assert.equal(await page.getByText("not the server").count(), 3);
      const ground = "getComputedStyle(document.querySelector('sallyport-explain')).backgroundColor";
      const light = await page.evaluate(ground);
      await page.evaluate("document.documentElement.dataset.theme = 'dark'");
      assert.notEqual(await page.evaluate(ground), light, "the theme of the page is the view's as well");
      assert.deepEqual(faults, []);
    });
  });

  test("events come as they happen, and the last says that it is over", async () => {
    const text = await asked(gateway, { explicitPort: server.explicitPort, implicitPort: server.implicitPort });
    assert.match(text, /"kind":"secured".*"mode":"implicit"|"mode":"implicit".*"kind":"secured"/);
    assert.match(text, /event: over\n/);
    assert.doesNotMatch(text, /TRAFFIC_SECRET/);
  });

  test("strangers choose no ports, and hear the same of what is shut and of what may not be reached", async () => {
    await using public_ = await start({ publicUrl: "http://files.example.test", allowTargets: ["127.0.0.1:21"] });
    const headers = { Host: "files.example.test" };
    const chosen = await asked(public_, { explicitPort: server.explicitPort, implicitPort: 990 }, headers);
    assert.match(chosen, /SALLYPORT_TARGET_REFUSED/);
    const standard = await asked(public_, { explicitPort: 21, implicitPort: 990 }, headers);
    const problems = [...standard.matchAll(/"problem":(\{[^}]*\})/g)].map(([, problem]) => problem);
    assert.deepEqual(problems, ['{"id":"unreachable","code":"not told"}', '{"id":"unreachable","code":"not told"}']);
  });
});

function start(options: Partial<GatewayOptions>): Promise<Gateway> {
  return Gateway.start({ listen: "127.0.0.1", port: 0, version: "test", ...options });
}

/** Asked with node:http, because fetch does not let anyone choose the host. */
async function asked(
  { port }: Gateway,
  ports: Readonly<Record<"explicitPort" | "implicitPort", number>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const query = new URLSearchParams({
    host: "127.0.0.1",
    ...Object.fromEntries(Object.entries(ports).map(([name, value]) => [name, String(value)])),
  });
  return await new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path: `/api/explain?${query.toString()}`, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.once("end", () => resolve(text));
    }).once("error", reject);
  });
}
