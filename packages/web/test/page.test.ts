import { findProgram, needs, startTestServer } from "@sallyport/testing";
import { Gateway } from "@sallyport/web";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";

const browserProgram = "chromium-headless-shell";
const skip = needs(browserProgram);

suite("The page in a browser", { skip }, () => {
  let browser: Browser;
  const folder = mkdtempSync(join(tmpdir(), "sallyport-page-"));
  before(async () => {
    browser = await chromium.launch({
      executablePath: findProgram(browserProgram) ?? browserProgram,
      args: ["--no-sandbox", "--disable-gpu"],
    });
  });
  after(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("connects, asks about the key, browses, uploads, downloads, renames and deletes", async () => {
    await using server = await startTestServer();
    await using gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0" });
    mkdirSync(join(server.directory, "below"));
    writeFileSync(join(server.directory, "hello <b>there.txt"), "hello");
    const { page, faults } = await opened(browser, gateway);
    await signIn(page, { address: `localhost:${server.explicitPort}`, mode: "Explicit" });
    await page.getByRole("dialog").getByText("Can you vouch for localhost?").waitFor();
    await page.getByRole("button", { name: "Remember this key" }).click();
    await page.getByRole("button", { name: /explicit TLS 1\.3/ }).waitFor();
    await page.getByRole("row", { name: /hello <b>there\.txt/ }).waitFor();

    const content = randomBytes(2_000_000);
    writeFileSync(join(folder, "up.bin"), content);
    await page.getByTestId("files").setInputFiles(join(folder, "up.bin"));
    await page.locator(".transfer[data-state=done]").waitFor();
    assert.deepEqual(readFileSync(join(server.directory, "up.bin")), content);

    await page.getByRole("row", { name: /up\.bin/ }).click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByTitle("Download").click()]);
    assert.equal(download.suggestedFilename(), "up.bin");
    assert.deepEqual(readFileSync(await download.path()), content);

    await page.getByRole("row", { name: /up\.bin/ }).click();
    await page.keyboard.press("F2");
    await page.getByLabel("New name of up.bin").fill("renamed.bin");
    await page.keyboard.press("Enter");
    await page.getByRole("row", { name: /renamed\.bin/, selected: true }).waitFor();
    await page.keyboard.press("Delete");
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("row", { name: /renamed\.bin/ }).waitFor({ state: "detached" });
    assert.deepEqual(faults, []);
    await page.context().close();
  });
});

interface Opened {
  readonly page: Page;
  /** What the browser complained about, forbidden scripts and styles included. */
  readonly faults: readonly string[];
}

async function opened(browser: Browser, gateway: Gateway): Promise<Opened> {
  const context = await browser.newContext({ acceptDownloads: true, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    // A refused login is an answer, which the browser writes down as an error.
    const isAnswer = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !isAnswer) faults.push(message.text());
  });
  await page.goto(`http://127.0.0.1:${gateway.port}/`);
  return { page, faults };
}

async function signIn(
  page: Page,
  { address, mode }: { readonly address: string; readonly mode: string },
): Promise<void> {
  await page.getByRole("combobox", { name: "Server" }).fill(address);
  await page.getByRole("radio", { name: mode }).check();
  await page.getByLabel("User", { exact: true }).fill("alice");
  await page.getByLabel("Password", { exact: true }).fill("secret");
  await page.getByRole("button", { name: "Connect" }).click();
}
