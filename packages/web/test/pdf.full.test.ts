import { startTestServer, type TestServer } from "@sallyport/testing";
import { Gateway } from "@sallyport/web";
import axe from "axe-core";
import assert from "node:assert/strict";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, suite, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { browserSkip, type OpenPage, openPage, signIn, startBrowser } from "./browser-page.ts";
import { encryptedPdf, faxPdf, pdfOf } from "./pdf-files.ts";

/** Notes whatever ran, or was forbidden by the page's policy. */
const watch = `
  globalThis.happened = [];
  globalThis.ran = () => globalThis.happened.push("script");
  globalThis.app = { alert: globalThis.ran };
  addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    globalThis.happened.push("policy: " + violatedDirective + " " + blockedURI));
`;

const script =
  "/OpenAction<</S/JavaScript/JS(ran\\(\\);app.alert\\(1\\))>>/Names<</JavaScript<</Names[(a)<</S/JavaScript/JS(ran\\(\\))>>]>>>>";

suite("PDF in the page", { skip: browserSkip }, () => {
  let browser: Browser;
  let server: TestServer;
  let gateway: Gateway;

  before(async () => {
    [browser, server] = await Promise.all([startBrowser(), startTestServer()]);
    gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0", authorities: server.identity.ca });
    const put = (name: string, bytes: Uint8Array): void => writeFileSync(join(server.directory, name), bytes);
    put("three.pdf", pdfOf(["The outer door", "The inner door", "The last page"]));
    put("script.pdf", pdfOf(["It runs nothing"], script));
    put("broken.pdf", Buffer.from("%PDF-1.7\nthis is none\n".repeat(50)));
    put("empty.pdf", Buffer.alloc(0));
    put("fax.pdf", faxPdf());
    put("encrypted.pdf", encryptedPdf());
    put("wide.pdf", pdfOf(["Before the gap", "Behind it"], "", 40 * 1024 * 1024));
    put("large.pdf", pdfOf(["Too large"]));
    truncateSync(join(server.directory, "large.pdf"), 100 * 1024 * 1024 + 1);
  });
  after(async () => {
    await browser.close();
    await gateway[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const enter = async (options = {}): Promise<OpenPage> => {
    const open = await openPage(browser, gateway, { viewport: { width: 1200, height: 760 }, ...options });
    await open.page.addInitScript(watch);
    await open.page.reload();
    await signIn(open.page, { address: `localhost:${server.explicitPort}`, mode: "Explicit" });
    await open.page.getByText("three.pdf").waitFor();
    return open;
  };

  test("three pages are drawn where one looks, by keys as well, larger and smaller, and their text is there", async () => {
    await using open = await enter();
    const { page, faults } = open;
    await page.getByText("three.pdf").dblclick();
    await drawn(page, 1);
    await page.locator(".pdf-text", { hasText: "The outer door" }).waitFor();
    assert.ok(await isBlank(page, 3), "the third page is drawn before it is near");
    await page.keyboard.press("PageDown");
    await page.getByText("Page 2 of 3").waitFor();
    await page.keyboard.press("PageDown");
    await page.getByText("Page 3 of 3").waitFor();
    await drawn(page, 3);
    await page.locator(".pdf-text", { hasText: "The last page" }).waitFor();
    const width = async (): Promise<number> => (await page.locator(".pdf-page").nth(2).boundingBox())?.width ?? 0;
    const fit = await width();
    await page.keyboard.press("+");
    await until(async () => (await width()) > fit);
    await page.keyboard.press("-");
    await page.keyboard.press("-");
    await until(async () => (await width()) < fit);
    await page.getByRole("button", { name: "Fit width" }).click();
    await until(async () => (await width()) === fit);
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
    await until(async () => page.workers().length === 0);
    assert.deepEqual([faults, await page.evaluate("happened")], [[], []]);
  });

  test("of a file of 40 MiB little more moves than what is seen", async () => {
    await using open = await enter();
    const { page } = open;
    let moved = 0;
    page.on("response", (response) => {
      if (response.url().includes("/files/")) moved += Number(response.headers()["content-length"]);
    });
    await page.getByText("wide.pdf").dblclick();
    await page.locator(".pdf-text", { hasText: "Before the gap" }).waitFor();
    await drawn(page, 1);
    assert.ok(moved > 1_000 && moved < 1024 * 1024, String(moved));
  });

  test("a scanned page is decoded without WebAssembly, which the policy forbids", async () => {
    await using open = await enter();
    const { page, faults } = open;
    await page.getByText("fax.pdf").dblclick();
    await drawn(page, 1);
    assert.deepEqual([faults, await page.evaluate("happened")], [[], []]);
  });

  test("scripts and links in it do nothing, and the policy has nothing to forbid", async () => {
    await using open = await enter();
    const { page, faults } = open;
    page.on("dialog", (dialog) => void dialog.dismiss().then(() => assert.fail("a dialog")));
    await page.getByText("script.pdf").dblclick();
    await drawn(page, 1);
    await page
      .locator(".pdf-page canvas")
      .first()
      .click({ position: { x: 300, y: 300 }, force: true });
    await page.locator(".pdf-text", { hasText: "It runs nothing" }).waitFor();
    assert.equal(page.context().pages().length, 1);
    assert.deepEqual([faults, await page.evaluate("happened")], [[], []]);
  });

  test("no other policy of Trusted Types can be made, and not this one again, and no worker of a text", async () => {
    await using open = await enter();
    const { page } = open;
    await page.getByText("three.pdf").dblclick();
    await drawn(page, 1);
    const outcome = (expression: string): Promise<unknown> =>
      page.evaluate(`(() => { try { ${expression}; return "done"; } catch ({ name }) { return name; } })()`);
    for (const expression of [
      "trustedTypes.createPolicy('other', {})",
      "trustedTypes.createPolicy('sallyport-worker', {})",
      "new Worker('/assets/anything.js')",
    ]) {
      assert.equal(await outcome(expression), "TypeError", expression);
    }
  });

  test("its worker ends with the dialog, though the document has not come", async () => {
    await using open = await enter();
    const { page } = open;
    await page.route("**/files/**", () => {});
    await page.getByText("three.pdf").dblclick();
    await until(async () => page.workers().length === 1);
    await page.keyboard.press("Escape");
    await until(async () => page.workers().length === 0);
  });

  for (const [name, sentence] of [
    ["broken", /damaged/],
    ["empty", /damaged/],
    ["encrypted", /password/],
    ["large", /up to 100/],
  ] as const) {
    test(`what is ${name} is said to be, and can be downloaded`, async () => {
      await using open = await enter();
      const { page, faults } = open;
      await page.getByText(`${name}.pdf`).dblclick();
      await page.getByRole("alert").filter({ hasText: sentence }).waitFor();
      const [saved] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("dialog").getByRole("button", { name: "Download" }).click(),
      ]);
      assert.equal(saved.suggestedFilename(), `${name}.pdf`);
      await until(async () => page.workers().length === 0);
      assert.deepEqual([faults, await page.evaluate("happened")], [[], []]);
    });
  }

  for (const colorScheme of ["light", "dark"] as const) {
    test(`${colorScheme}: axe finds nothing to object to`, async () => {
      await using open = await enter({ colorScheme, bypassCSP: true });
      const { page } = open;
      await page.addScriptTag({ content: axe.source });
      await page.getByText("three.pdf").dblclick();
      await drawn(page, 1);
      await page.locator(".pdf-text", { hasText: "The outer door" }).waitFor();
      const { violations } = (await page.evaluate("axe.run()")) as axe.AxeResults;
      assert.deepEqual(
        violations.map(({ id, nodes }) => `${id} ${nodes.map(({ html }) => html).join(" ")}`),
        [],
      );
    });
  }
});

/** Whether a page has no ink: a canvas that is not there has none. */
function isBlank(page: Page, number: number): Promise<boolean> {
  return page.evaluate(blank(number));
}

/** The page's policy forbids that the browser waits for a condition that is text. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 15_000; !(await holds());) {
    if (Date.now() > deadline) assert.fail(`not within 15 s: ${String(holds)}`);
    await sleep(30);
  }
}

async function drawn(page: Page, number: number): Promise<void> {
  await until(async () => !(await isBlank(page, number)));
}

/** Ink: the text, which is black, in the upper part of the page. */
function blank(number: number): string {
  return `(() => {
    const canvas = document.querySelectorAll(".pdf-page")[${number - 1}]?.querySelector("canvas");
    if (!canvas?.width || !canvas.height) return true;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, Math.ceil(canvas.height / 5));
    return !data.some((value, at) => at % 4 === 3 && value === 255 && data[at - 1] + data[at - 2] + data[at - 3] < 150);
  })()`;
}
