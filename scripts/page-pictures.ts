// Draws the README's pictures of pages, as a browser shows them: node --conditions=source scripts/page-pictures.ts
// Needs chromium-headless-shell, as the tests of the page do.
import { startTestServer } from "@sallyport/testing";
import { explain } from "@sallyport/inspector";
import { Gateway } from "@sallyport/web";
import { serveExplanation } from "@sallyport/web/explain-page";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openPage, signIn, startBrowser } from "../packages/web/test/browser-page.ts";

const size = { width: 1280, height: 800 };
const files = { "budget.ods": 48_213, "minutes.txt": 5_120, "photo.jpg": 2_481_337, "slides.pdf": 913_408 };

await using server = await startTestServer();
await using gateway = await Gateway.start({
  ...{ listen: "127.0.0.1", port: 0, version: "0.0.0" },
  authorities: server.identity.ca,
});
for (const name of ["invoices", "website"]) mkdirSync(join(server.directory, name));
for (const [name, bytes] of Object.entries(files)) {
  writeFileSync(join(server.directory, name), Buffer.alloc(bytes, name));
  utimesSync(join(server.directory, name), 1_793_000_000, 1_793_000_000);
}
const browser = await startBrowser();
const shown = { viewport: size, colorScheme: "light" } as const;
{
  await using open = await openPage(browser, gateway, shown);
  const { page } = open;
  await signIn(page, { address: `localhost:${server.explicitPort}`, mode: "Explicit" });
  await page.getByRole("row", { name: "photo.jpg" }).waitFor();
  await page.setInputFiles('input[type="file"]', {
    name: "report.txt",
    mimeType: "text/plain",
    buffer: Buffer.alloc(9_000_000),
  });
  await page.getByRole("row", { name: "report.txt" }).waitFor();
  await page.screenshot({ path: "docs/pictures/online-client.png" });
}
{
  const ports = { explicit: server.explicitPort, implicit: server.implicitPort };
  const credentials = { user: "alice", password: "secret" };
  await using served = await serveExplanation({ host: "localhost", ports }, (_between, signal) =>
    explain("localhost", { ports, ca: server.identity.ca, octets: true, credentials, signal }),
  );
  const page = await browser.newPage({ viewport: { width: 1280, height: 1140 }, colorScheme: "dark" });
  await page.goto(served.url);
  await page.getByText(/^Both modes keep the login secret/).waitFor();
  await page
    .getByRole("button", { name: /ClientHello/ })
    .first()
    .click();
  await page.getByText("server_name").hover();
  await page.evaluate("scrollTo(0, 0)");
  await page.screenshot({ path: "docs/pictures/explain-page.png" });
}
await browser.close();
