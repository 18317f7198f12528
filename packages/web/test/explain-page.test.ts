import { explain, type ExplainEvent } from "@sallyport/inspector";
import { makeTestIdentity, startScriptedPeer } from "@sallyport/testing";
import { explainPage } from "@sallyport/web/explain-page";
import axe from "axe-core";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Browser, Locator, Page } from "playwright-core";
import { browserSkip, startBrowser } from "./browser-page.ts";

const identity = makeTestIdentity({ names: ["localhost"] });
const folder = mkdtempSync(join(tmpdir(), "sallyport-explained-"));
const evil = "220 </script><img src=x onerror=document.title='owned'> ready";

const ground = (shown: Locator): Promise<string> =>
  shown.evaluate((one) => (globalThis as unknown as StyledWindow).getComputedStyle(one).backgroundColor);

/** What of a browser's window is used here. */
interface StyledWindow {
  getComputedStyle(element: unknown): { readonly backgroundColor: string };
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
    const events: ExplainEvent[] = [];
    for await (const event of explain("localhost", { ports: target.ports, ca: identity.ca, octets: true }))
      events.push(event);
    const file = join(folder, "explained.html");
    writeFileSync(file, await explainPage(target, events));
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
  });

  test("it plays again from the beginning, and hides from an outsider what is inside", async () => {
    const slider = page.getByRole("slider");
    await slider.fill("1");
    assert.equal(await page.getByText("inside: QUIT").first().isVisible(), false);
    await slider.fill(String(await slider.getAttribute("max")));
    const inside = page.getByText("inside: QUIT").first();
    const unhidden = await ground(inside);
    await page.getByLabel("as somebody on the wire sees it").check();
    assert.notEqual(await ground(inside), unhidden);
  });

  test("what a server says is text, the page loads nothing, and anybody can use it", async () => {
    await page.reload();
    await page.getByRole("button", { name: evil }).first().click();
    assert.equal(await page.title(), "FTPS of localhost, explained");
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
    assert.deepEqual(
      violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
      [],
    );
    assert.deepEqual(faults, []);
  });
});
