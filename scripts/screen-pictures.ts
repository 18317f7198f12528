// Draws every screen of the online client in every look, to be looked at: node --conditions=source scripts/screen-pictures.ts [DIRECTORY]
// They go to packages/web/dist/screens; nothing else reads them. Needs chromium-headless-shell, as the tests of the page do.
import { startTestServer } from "@sallyport/testing";
import { Gateway } from "@sallyport/web";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openPage, startBrowser } from "../packages/web/test/browser-page.ts";
import { fill, looks, screens } from "../packages/web/test/screens.ts";

const destination = process.argv[2] ?? join(import.meta.dirname, "../packages/web/dist/screens");

await using server = await startTestServer();
fill(server);
await using gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0" });
const browser = await startBrowser();
for (const [look, options] of Object.entries(looks)) {
  await using open = await openPage(browser, gateway, options);
  const { page } = open;
  page.setDefaultTimeout(10_000);
  mkdirSync(join(destination, look), { recursive: true });
  for (const { name, show, leave } of screens) {
    await show(page, server);
    await page.screenshot({ path: join(destination, look, `${name}.png`) });
    await leave?.(page);
  }
  if (open.faults.length > 0) process.stderr.write(`${look}: ${open.faults.join("\n")}\n`);
}
await browser.close();
