import { startTestServer, type TestServer } from "@sallyport/testing";
import { Gateway } from "@sallyport/web";
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import type { DownloadJson, LoginJson } from "../src/api/api.ts";
import { browserSkip, openPage, signIn, startBrowser } from "./browser-page.ts";
import { contents, names } from "./injections.ts";

/** Notes in each document whatever ran in it or was forbidden by its policy. */
const watch = `
  globalThis.happened = [];
  globalThis.ran = () => globalThis.happened.push("script in " + location.href);
  addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    globalThis.happened.push("policy: " + violatedDirective + " " + blockedURI));
`;

suite("The page under attack", { skip: browserSkip }, () => {
  let browser: Browser;
  let server: TestServer;
  let gateway: Gateway;

  before(async () => {
    [browser, server] = await Promise.all([startBrowser(), startTestServer()]);
    gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0", authorities: server.identity.ca });
    for (const name of names) writeFileSync(join(server.directory, name), "x");
    for (const [name, content] of Object.entries(contents)) writeFileSync(join(server.directory, name), content);
  });
  after(async () => {
    await browser.close();
    await gateway[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const enter = async (page: Page): Promise<readonly string[]> => {
    const dialogs: string[] = [];
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await page.addInitScript(watch);
    await page.reload();
    await signIn(page, { address: `localhost:${server.explicitPort}`, mode: "Explicit" });
    await page.getByRole("row").nth(3).waitFor();
    return dialogs;
  };
  const happened = (page: Page): Promise<unknown> => page.evaluate("happened");

  test(`${names.length} names and ${Object.keys(contents).length} contents run nothing, wherever they are shown`, async () => {
    const all = names.length + Object.keys(contents).length;
    assert.ok(all >= 60);
    await using open = await openPage(browser, gateway, { viewport: { width: 1200, height: 36 * all + 600 } });
    const { page, faults } = open;
    const dialogs = await enter(page);
    const shown = await page.getByRole("row").allInnerTexts();
    assert.ok(shown.length >= all, `${shown.length} of ${all}`);
    assert.ok(shown.some((text) => text.includes("<img src=x onerror=ran()>")));
    const made =
      "[...document.querySelectorAll('[role=grid] :is(script, iframe, img, object, base, marquee, video, style)')].length";
    assert.equal(await page.evaluate(made), 0);
    // The file's own document, where the browser shows it.
    const urls = await fileUrls(page, Object.keys(contents));
    const viewer = await page.context().newPage();
    viewer.on("dialog", (dialog) => void dialog.dismiss().then(() => assert.fail("a dialog")));
    await viewer.addInitScript(watch);
    for (const [name, url] of urls) {
      // What is only for the disk becomes a download, and no document.
      await viewer.goto(new URL(url, page.url()).href, { waitUntil: "load" }).catch((error: unknown) => {
        assert.match(String(error), /Download is starting|ERR_ABORTED/, name);
      });
      const found = (await viewer.evaluate("globalThis.happened ?? []")) as readonly string[];
      assert.deepEqual(
        found.filter((each) => each.startsWith("script")),
        [],
        name,
      );
    }
    assert.deepEqual([dialogs, faults, await happened(page)], [[], [], []]);
  });

  test("a page of another port, whose cookies are ours for the browser, changes nothing", async () => {
    await using open = await openPage(browser, gateway);
    const { page } = open;
    await enter(page);
    const logins = (await page.evaluate(
      "fetch('/api/logins', { headers: { 'X-Sallyport': '1' } }).then((it) => it.json())",
    )) as LoginJson[];
    const url = `http://127.0.0.1:${gateway.port}/api/logins/${logins[0]?.id}/directories`;
    const body = JSON.stringify({ path: "/stolen" });
    const evil = `<iframe src="http://127.0.0.1:${gateway.port}/"></iframe><form id=f method=post enctype=text/plain action="${url}"><input name='{"path":"/stolen","x":"' value='"}'></form>
      <script>
        const tries = [{ mode: "no-cors" }, { mode: "cors" }, { mode: "cors", headers: { "X-Sallyport": "1", "Content-Type": "application/json" } }];
        Promise.allSettled(tries.map((each) => fetch(${JSON.stringify(url)}, { method: "POST", credentials: "include", body: ${JSON.stringify(body)}, ...each })))
          .then((all) => { document.title = "tried " + all.map((it) => it.value?.status ?? "x").join(" "); });
      </script>`;
    const site = createServer((_, response) => response.setHeader("Content-Type", "text/html").end(evil));
    site.listen(0, "127.0.0.1");
    await once(site, "listening");
    using _ = { [Symbol.dispose]: () => void site.close() };
    const other = await page.context().newPage();
    await other.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
    await other.waitForFunction("document.title.startsWith('tried')");
    const framed = other.frames().map((each) => each.url());
    assert.ok(!framed.includes(`http://127.0.0.1:${gateway.port}/`), framed.join(" "));
    await Promise.all([other.waitForNavigation(), other.evaluate("document.getElementById('f').submit()")]);
    assert.match(await other.content(), /SALLYPORT_FOREIGN_REQUEST/);
    assert.equal(existsSync(join(server.directory, "stolen")), false);
  });
});

/** Addresses under which files are shown where that is harmless. */
async function fileUrls(page: Page, files: readonly string[]): Promise<readonly (readonly [string, string])[]> {
  const script = `(async () => {
    const headers = { "X-Sallyport": "1", "Content-Type": "application/json" };
    const [{ id }] = await (await fetch("/api/logins", { headers })).json();
    const ask = async (path) => (await fetch("/api/logins/" + id + "/downloads", { method: "POST", headers, body: JSON.stringify({ path, shown: true }) })).json();
    return Promise.all(${JSON.stringify(files)}.map((name) => ask("/" + name)));
  })()`;
  const found = (await page.evaluate(script)) as readonly DownloadJson[];
  return files.map((name, at) => [name, found[at]?.url ?? assert.fail(name)] as const);
}
