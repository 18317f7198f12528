import { startTestServer, type TestServer } from "@sallyport/testing";
import { Gateway, type GatewayOptions } from "@sallyport/web";
import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, suite, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { browserSkip, objectionsInEachLook, openPage, startBrowser } from "./browser-page.ts";

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
      await page.getByLabel("Explicit port").waitFor();
      assert.deepEqual(await objectionsInEachLook(page), []);
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.getByLabel("Explicit port").fill(String(server.explicitPort));
      await page.getByLabel("Server").fill("localhost");
      await page.getByLabel("Implicit port").fill(String(server.implicitPort));
      await page.getByRole("button", { name: "Watch" }).click();
      await page.getByText(/^Both modes keep the login secret/).waitFor();
      assert.equal(await page.getByText("verified for localhost", { exact: true }).count(), 2);
      assert.equal(await page.getByRole("button", { name: /ClientHello/ }).count(), 2);
      await page.getByRole("button", { name: "Watch" }).waitFor();
      await page.getByLabel("User", { exact: true }).fill("alice");
      await page.getByLabel("Password", { exact: true }).fill("secret");
      await page.getByRole("button", { name: "Watch" }).click();
      await page.getByText("data, resumed").nth(1).waitFor();
      await page.getByText(/^Both modes keep the login secret/).waitFor();
      assert.equal(await page.getByText("inside: PASS ****").count(), 2);
      await page.setViewportSize({ width: 360, height: 800 });
      assert.equal(await page.evaluate(isWider), false, "what is watched is wider than a phone");
      assert.deepEqual(faults, []);
    });

    test("keys alone name a server, start it, and go through it step by step", async () => {
      await using open = await openPage(browser, gateway);
      const { page, faults } = open;
      const place = `#explain?explicit=${server.explicitPort}&implicit=${server.implicitPort}`;
      await page.goto(`http://127.0.0.1:${gateway.port}/${place}`);
      await page.getByRole("button", { name: "Watch" }).waitFor();
      await tabTo(page, "host");
      await page.keyboard.type("localhost");
      await page.keyboard.press("Enter");
      await page.getByText(/^Both modes keep the login secret/).waitFor();
      await tabTo(page, "One step on");
      await page.keyboard.press("Home");
      await page.getByText(/^The client opens a TCP connection/).waitFor();
      await page.keyboard.press("Enter");
      assert.match(await page.locator(".position").innerText(), /^2 of \d+$/);
      await page.keyboard.press("ArrowRight");
      assert.match(await page.locator(".position").innerText(), /^3 of \d+$/);
      assert.deepEqual(faults, []);
    });

    test("the server is named by a link, and nothing is asked of it until somebody does; then AUTH may be taken away", async () => {
      await using open = await openPage(browser, gateway);
      const { page, faults } = open;
      const requests: string[] = [];
      page.on("request", (seen) => void (seen.url().includes("/api/explain") && requests.push(seen.url())));
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
    assert.match(text, /\{"over":true\}\n$/);
    assert.doesNotMatch(text, /TRAFFIC_SECRET/);
  });

  test("a login shows data connections, and nobody is told its password or any key", async () => {
    const { explicitPort, implicitPort } = server;
    const text = await asked(gateway, { explicitPort, implicitPort, user: "alice", password: "secret" });
    assert.equal(
      text.split("\n").filter((line) => /"connection":"data".*"kind":"secured".*"resumed":true/.test(line)).length,
      2,
    );
    assert.match(text, /"line":"PASS \*\*\*\*"/);
    assert.doesNotMatch(text, /PASS secret|"secret"|TRAFFIC_SECRET/);
    assert.doesNotMatch(text, new RegExp(Buffer.from("secret").toString("hex")));
    const wrong = await asked(gateway, { explicitPort, implicitPort, user: "alice", password: "wrong" });
    assert.match(wrong, /"id":"login-refused"/);
    const smuggled = await asked(gateway, { explicitPort, implicitPort, user: "alice\r\nDELE file" });
    assert.match(smuggled, /SALLYPORT_REQUEST_INVALID/);
  });

  test("strangers choose no ports, and hear the same of what is shut and of what may not be reached", async () => {
    await using public_ = await start({ publicUrl: "http://files.example.test", allowTargets: ["127.0.0.1:21"] });
    const headers = { Host: "files.example.test" };
    const chosen = await asked(public_, { explicitPort: server.explicitPort, implicitPort: 990 }, headers);
    assert.match(chosen, /SALLYPORT_TARGET_REFUSED/);
    const standard = await asked(public_, { explicitPort: 21, implicitPort: 990 }, headers);
    const problems = [...standard.matchAll(/"problem":(\{[^}]*\})/g)].map(([, problem]) => problem);
    assert.deepEqual(problems, ['{"id":"unreachable","code":"not told"}', '{"id":"unreachable","code":"not told"}']);
    // Nor does the time tell whether a port refused or stayed silent.
    const told = standard.split("\n").filter((line) => line.includes('"not told"'));
    assert.deepEqual(
      told.map((line) => (JSON.parse(line) as { atMs: number }).atMs),
      [3000, 3000],
    );
  });
});

function start(options: Partial<GatewayOptions>): Promise<Gateway> {
  return Gateway.start({ listen: "127.0.0.1", port: 0, version: "test", ...options });
}

const isWider = "document.documentElement.scrollWidth > document.documentElement.clientWidth";

/** Presses Tab until what has this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 30; presses++) {
    await page.keyboard.press("Tab");
    if ((await page.evaluate(focused)) === name) return;
  }
  assert.fail(`Tab never comes to ${name}`);
}

const focused = `(() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at?.getAttribute("aria-label") ?? at?.getAttribute("name");
})()`;

interface Asked {
  readonly explicitPort: number;
  readonly implicitPort: number;
  readonly user?: string;
  readonly password?: string;
}

/** Asked with node:http, because fetch does not let anyone choose the host. */
async function asked({ port }: Gateway, body: Asked, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  return await new Promise((resolve, reject) => {
    const asking = request(
      {
        ...{ host: "127.0.0.1", port, path: "/api/explain", method: "POST" },
        headers: { "Content-Type": "application/json", "X-Sallyport": "1", ...headers },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.once("end", () => resolve(text));
      },
    );
    asking.once("error", reject).end(JSON.stringify({ host: "127.0.0.1", ...body }));
  });
}
