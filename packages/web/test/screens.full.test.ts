import { startTestServer, type TestServer } from "@sallyport/testing";
import { Gateway } from "@sallyport/web";
import axe from "axe-core";
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { browserSkip, openPage, startBrowser } from "./browser-page.ts";
import { fill, looks, screens } from "./screens.ts";

suite("Every screen of the page", { skip: browserSkip }, () => {
  let browser: Browser;
  let server: TestServer;
  let gateway: Gateway;
  before(async () => {
    [browser, server] = await Promise.all([startBrowser(), startTestServer()]);
    fill(server);
    gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0" });
  });
  after(async () => {
    await browser.close();
    await gateway[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  for (const [look, options] of Object.entries(looks)) {
    test(`${look}: axe finds nothing to object to on ${screens.length} screens, and none is wider than the window`, async () => {
      await using open = await openPage(browser, gateway, { ...options, bypassCSP: true });
      const { page, faults } = open;
      await page.addScriptTag({ content: axe.source });
      const found: string[] = [];
      for (const { name, show, leave } of screens) {
        await show(page, server);
        found.push(...(await objections(page)).map((text) => `${name}: ${text}`));
        const width = Number(await page.evaluate("document.documentElement.scrollWidth"));
        if (width > options.viewport.width) found.push(`${name}: ${width} px wide`);
        await leave?.(page);
      }
      assert.deepEqual(found, []);
      assert.deepEqual(faults, []);
    });
  }
});

async function objections(page: Page): Promise<readonly string[]> {
  const found = (await page.evaluate("axe.run()")) as axe.AxeResults;
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" ")}`);
}
