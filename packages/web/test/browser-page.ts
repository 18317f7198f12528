import { findProgram, needs } from "@sallyport/testing";
import type { Gateway } from "@sallyport/web";
import axe from "axe-core";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const program = "chromium-headless-shell";

export const browserSkip = needs(program);

export function startBrowser(): Promise<Browser> {
  // Where no language is set, it cannot read files with other names than those of ASCII.
  const env = { ...process.env, LC_ALL: "C.UTF-8" } as Record<string, string>;
  const executablePath = findProgram(program) ?? program;
  return chromium.launch({ executablePath, env, args: ["--no-sandbox", "--disable-gpu"] });
}

/** The page as a person has it open. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  /** What the browser complained about: errors, and scripts and styles that the policy forbids. */
  readonly faults: readonly string[];
}

export async function openPage(
  browser: Browser,
  { port }: Pick<Gateway, "port">,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({ acceptDownloads: true, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    // A no of the gateway is an answer, which the browser writes down as an error.
    const isAnswer = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !isAnswer) faults.push(message.text());
  });
  await page.goto(`http://127.0.0.1:${port}/`);
  return { page, faults, [Symbol.asyncDispose]: () => context.close() };
}

export interface SignIn {
  readonly address: string;
  readonly mode: "Automatic" | "Explicit" | "Implicit" | "None";
  readonly password?: string;
}

export async function signIn(page: Page, { address, mode, password = "secret" }: SignIn): Promise<void> {
  await page.getByRole("combobox", { name: "Server" }).fill(address);
  await page.getByRole("radio", { name: mode }).check();
  await page.getByLabel("User", { exact: true }).fill("alice");
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Connect" }).click();
}

/** Bounds what the browser sends, in octets a second; -1 ends it. */
export function slowDown(page: Page, uploadThroughput: number): Promise<void> {
  return emulateNetwork(page, { offline: false, uploadThroughput });
}

export function goOffline(page: Page): Promise<void> {
  return emulateNetwork(page, { offline: true, uploadThroughput: -1 });
}

async function emulateNetwork(page: Page, wanted: { offline: boolean; uploadThroughput: number }): Promise<void> {
  // What was asked for on one wire to the browser is not undone on another.
  let opened = networkWires.get(page);
  if (opened === undefined) networkWires.set(page, (opened = page.context().newCDPSession(page)));
  const wire = await opened;
  await wire.send("Network.emulateNetworkConditions", { latency: 0, downloadThroughput: -1, ...wanted });
}

const networkWires = new WeakMap<Page, ReturnType<BrowserContext["newCDPSession"]>>();

/** What axe objects to in light, in dark and on a phone, and where the page is wider than its window. */
export async function objectionsInEachLook(page: Page): Promise<readonly string[]> {
  const found: string[] = [];
  await page.evaluate(axe.source);
  for (const [colorScheme, width] of [
    ["light", 1280],
    ["dark", 1280],
    ["light", 360],
  ] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 800 });
    const { violations } = (await page.evaluate("axe.run()")) as axe.AxeResults;
    found.push(...violations.map(({ id, nodes }) => `${colorScheme} ${width} ${id}: ${nodes[0]?.html}`));
    const wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
    if (await page.evaluate(wide)) found.push(`${width} is too narrow`);
  }
  return found;
}
