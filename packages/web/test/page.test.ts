import { needs, peerNeeds, startProftpd, startTestServer, startVsftpd, type TestServer } from "@sallyport/testing";
import { Gateway } from "@sallyport/web";
import axe from "axe-core";
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { spawnGateway } from "./gateway-process.ts";
import { browserSkip, openPage, signIn, slowDown, startBrowser } from "./browser-page.ts";

suite("The page in a browser", { skip: browserSkip }, () => {
  let browser: Browser;
  let server: TestServer;
  let gateway: Gateway;
  const folder = mkdtempSync(join(tmpdir(), "sallyport-page-"));

  before(async () => {
    [browser, server] = await Promise.all([startBrowser(), startTestServer()]);
    gateway = await gatewayFor(server.identity.ca);
  });
  after(async () => {
    await browser.close();
    await gateway[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  const explicit = () => ({ address: `localhost:${server.explicitPort}`, mode: "Explicit" }) as const;

  test("asks about a key that nobody vouches for, browses, uploads, downloads, renames and deletes", async () => {
    await using unknown = await gatewayFor(undefined);
    mkdirSync(join(server.directory, "below"));
    writeFileSync(join(server.directory, "hello <b>there.txt"), "hello");
    await using open = await openPage(browser, unknown);
    const { page, faults } = open;
    await signIn(page, explicit());
    await page.getByRole("dialog").getByText("Can you vouch for localhost?").waitFor();
    await page.getByRole("button", { name: "Remember this key" }).click();
    await page.getByRole("button", { name: /explicit TLS 1\.3.*key trusted by you/ }).waitFor();
    await row(page, "hello <b>there.txt").waitFor();

    const content = randomBytes(2_000_000);
    writeFileSync(join(folder, "up.bin"), content);
    await page.getByTestId("files").setInputFiles(join(folder, "up.bin"));
    await page.locator(".transfer[data-state=done]").waitFor();
    assert.deepEqual(readFileSync(join(server.directory, "up.bin")), content);

    await row(page, "up.bin").click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByTitle("Download").click()]);
    assert.equal(download.suggestedFilename(), "up.bin");
    assert.deepEqual(readFileSync(await download.path()), content);

    await row(page, "up.bin").click();
    await page.keyboard.press("Alt+Enter");
    await page.getByRole("button", { name: "Ask for the checksum" }).click();
    await page.getByText(createHash("sha512").update(content).digest("hex")).waitFor();
    await page.getByLabel("Permissions").fill("600");
    await page.getByRole("button", { name: "Change" }).click();
    await page.getByRole("row", { name: /up\.bin.*rw-------/ }).waitFor();
    assert.equal(statSync(join(server.directory, "up.bin")).mode & 0o777, 0o600);

    await row(page, "up.bin").click();
    await page.keyboard.press("F2");
    await page.getByLabel("New name of up.bin").fill("renamed.bin");
    await page.keyboard.press("Enter");
    await page.getByRole("row", { name: "renamed.bin", selected: true }).waitFor();
    await page.keyboard.press("Delete");
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await row(page, "renamed.bin").waitFor({ state: "detached" });

    await page.getByTitle("Dialogue with the server").click();
    await page.getByRole("log").getByText("PASS ****").waitFor();
    assert.doesNotMatch(await page.getByRole("log").innerText(), /secret/);
    assert.deepEqual(faults, []);
  });

  test("speaks the language of the browser, or the one that was chosen", async () => {
    await using open = await openPage(browser, gateway, { locale: "fr-CH" });
    const { page, faults } = open;
    await page.getByRole("button", { name: "Se connecter" }).waitFor();
    await page.getByLabel("Langue").selectOption("Deutsch");
    await page.getByRole("button", { name: "Verbinden" }).waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Verbinden" }).waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "de");
    await page.getByLabel("Sprache").selectOption("Español");
    await page.getByRole("button", { name: "Conectar" }).waitFor();
    assert.deepEqual(faults, []);
  });

  test("a key that changed is an alarm, and no password goes to it", async () => {
    await using open = await openPage(browser, gateway);
    const { page } = open;
    const keys = JSON.stringify({ [explicit().address]: `sha256/${Buffer.alloc(32, 1).toString("base64")}` });
    await page.evaluate(`localStorage.setItem("sallyport-known-keys", ${JSON.stringify(keys)})`);
    const connections = server.events.length;
    await signIn(page, explicit());
    await page.getByRole("heading", { name: "The key of localhost has changed" }).waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("button", { name: "Connect" }).waitFor();
    const later = server.events.slice(connections).map(({ kind }) => kind);
    assert.ok(later.length > 0);
    assert.deepEqual(
      later.filter((kind) => kind.startsWith("login")),
      [],
    );
  });

  test("a refused password says what the server said", async () => {
    await using open = await openPage(browser, gateway);
    await signIn(open.page, { ...explicit(), password: "wrong" });
    await open.page.getByRole("alert").getByText("The server refuses the login").waitFor();
    await open.page.getByText("530 Wrong user name or password").waitFor();
  });

  test("everything by keyboard alone", async () => {
    mkdirSync(join(server.directory, "keys", "inner"), { recursive: true });
    for (const name of ["alpha.txt", "beta.txt", "gamma.txt"])
      writeFileSync(join(server.directory, "keys", name), name);
    await using open = await openPage(browser, gateway);
    const { page, faults } = open;
    const { keyboard } = page;
    await page.locator("input:focus").waitFor();
    await keyboard.type(`ftpes://${explicit().address}/keys`);
    for (const text of ["alice", "secret"]) {
      await keyboard.press("Tab");
      await keyboard.type(text);
    }
    await keyboard.press("Enter");
    await row(page, "alpha.txt").waitFor();
    await focus(page, "inner");
    await keyboard.press("Enter");
    await page.getByText("This folder is empty").waitFor();
    await page.getByRole("button", { name: "keys" }).focus();
    await keyboard.press("Enter");
    await focus(page, "inner");
    await keyboard.type("be");
    await page.getByRole("row", { name: "beta.txt", selected: true }).waitFor();
    await keyboard.press("Shift+ArrowDown");
    await page.getByText("2 of 4 selected").waitFor();
    await keyboard.press("Delete");
    await page.getByRole("dialog", { name: "Delete 2 entries?" }).waitFor();
    await keyboard.press("Tab");
    await keyboard.press("Enter");
    await row(page, "beta.txt").waitFor({ state: "detached" });
    await keyboard.press("Control+l");
    await keyboard.type("/");
    await keyboard.press("Enter");
    await row(page, "keys").waitFor();
    assert.deepEqual(faults, []);
  });

  test("a folder goes up with everything in it, and what is taken is asked about once", async () => {
    mkdirSync(join(folder, "tree", "deep", "er"), { recursive: true });
    const names = ["tree/one.txt", "tree/deep/two.txt", "tree/deep/er/three ü.txt"];
    for (const name of names) writeFileSync(join(folder, name), name);
    await using open = await openPage(browser, gateway);
    const { page, faults } = open;
    await signIn(page, explicit());
    await page.getByRole("grid").waitFor();
    const choose = async (): Promise<void> => page.getByTestId("folder").setInputFiles(join(folder, "tree"));
    await choose();
    await page.locator(".transfer[data-state=done]").nth(2).waitFor();
    for (const name of names) assert.equal(readFileSync(join(server.directory, name), "utf8"), name);
    await page.getByRole("button", { name: "Clear finished" }).click();
    await choose();
    await page.getByRole("checkbox", { name: /Do the same/ }).check();
    await page.getByRole("button", { name: "Skip" }).click();
    await page.locator(".transfer[data-state=skipped]").nth(2).waitFor();
    assert.deepEqual(faults, []);
  });

  test("an upload of 64 MiB survives a reload of the page and a gateway that is killed, and comes whole", async () => {
    const content = writeRandom(join(folder, "long.bin"), 64 * mebibyte);
    let running = await spawnGateway(server.identity.ca);
    const { port } = running;
    try {
      await using open = await openPage(browser, running);
      const { page } = open;
      await signIn(page, explicit());
      await page.getByRole("grid").waitFor();
      // Slow enough that no look at the page comes too late to see it on its way.
      await slowDown(page, 12_000_000);
      await page.getByTestId("files").setInputFiles(join(folder, "long.bin"));
      await page.getByText(/[12]\d MiB of 64 MiB/).waitFor();
      await running.kill();
      running = await spawnGateway(server.identity.ca, port);
      await signIn(page, explicit());
      await page.getByText(/[34]\d MiB of 64 MiB/).waitFor();
      await page.reload();
      await page.getByRole("button", { name: "Choose the file again" }).waitFor();
      await page.getByText(/choose the file again/).waitFor();
      await page.getByTestId("again").setInputFiles(join(folder, "long.bin"));
      await page.getByText(/done, went on at \d+%/).waitFor();
      assert.ok(readFileSync(join(server.directory, "long.bin")).equals(content));
      assert.deepEqual(
        readdirSync(server.directory).filter((name) => /^\.?long/.test(name)),
        ["long.bin"],
      );
    } finally {
      await running.kill();
    }
  });

  test("the queue: all of it pauses and goes on, what waits changes places, and a file goes on where it ends", async () => {
    const content = writeRandom(join(folder, "queue-1.bin"), 6 * mebibyte);
    for (const number of [2, 3, 4, 5, 6, 7]) writeFileSync(join(folder, `queue-${number}.bin`), content);
    writeFileSync(join(server.directory, "queue-1.bin"), content.subarray(0, mebibyte));
    writeFileSync(join(server.directory, "queue-2.bin"), "something else");
    await using open = await openPage(browser, gateway);
    const { page, faults } = open;
    await signIn(page, explicit());
    await page.getByRole("grid").waitFor();
    await slowDown(page, 4_000_000);
    const names = [1, 2, 3, 4, 5, 6, 7].map((number) => join(folder, `queue-${number}.bin`));
    await page.getByTestId("files").setInputFiles(names);
    // Several are sent at a time: whichever of the two meets its namesake first is asked about first.
    for (const _ of [1, 2]) {
      const heading = page.getByRole("heading", { name: /^queue-[12]\.bin exists already/ });
      const asked = (await heading.textContent()) ?? "";
      await page.getByRole("button", { name: "Go on where it ends" }).click();
      await page.getByRole("heading", { name: asked, exact: true }).waitFor({ state: "detached" });
    }
    await page.getByText(/is not the beginning of this file/).waitFor();
    assert.equal(readFileSync(join(server.directory, "queue-2.bin"), "utf8"), "something else");
    await page.getByRole("button", { name: "Move queue-7.bin up" }).click();
    await page.getByRole("button", { name: "Pause all" }).click();
    await page.locator(".transfer[data-state=paused]").nth(5).waitFor();
    const order = await page.locator(".transfer-name").allTextContents();
    assert.ok(order.indexOf("queue-7.bin") < order.indexOf("queue-6.bin"), order.join(" "));
    await slowDown(page, -1);
    await page.getByRole("button", { name: "Cancel queue-2.bin" }).click();
    await page.getByRole("button", { name: "Resume all" }).click();
    await page.locator(".transfer[data-state=done]").nth(5).waitFor();
    for (const number of [1, 3, 4, 5, 6, 7]) {
      assert.ok(readFileSync(join(server.directory, `queue-${number}.bin`)).equals(content), String(number));
    }
    assert.deepEqual(faults, []);
  });

  test("axe finds nothing to object to on a phone in the dark; the full tier looks at every screen", async () => {
    const viewport = { width: 390, height: 780 };
    await using unknown = await gatewayFor(undefined);
    await using open = await openPage(browser, unknown, { colorScheme: "dark", viewport, bypassCSP: true });
    const { page } = open;
    await page.addScriptTag({ content: axe.source });
    const screens: Record<string, readonly string[]> = { "sign in": await objections(page) };
    await signIn(page, explicit());
    await page.getByRole("dialog").waitFor();
    screens["trust"] = await objections(page);
    await page.getByRole("button", { name: "Trust once" }).click();
    await page.getByRole("row", { name: "keys" }).click({ button: "right" });
    screens["files and menu"] = await objections(page);
    await page.keyboard.press("Escape");
    await page.getByTitle("Dialogue with the server").click();
    await page.getByTitle("New folder").click();
    screens["dialogue and new folder"] = await objections(page);
    assert.deepEqual(Object.values(screens).flat(), []);
    const width = await page.evaluate("document.documentElement.scrollWidth");
    assert.ok(Number(width) <= viewport.width, String(width));
  });

  const peers = [
    { name: "vsftpd", mode: "Implicit", skip: needs(...peerNeeds.vsftpd), start: startVsftpd },
    { name: "ProFTPD", mode: "Explicit", skip: needs(...peerNeeds.proftpd), start: startProftpd },
  ] as const;
  for (const { name, mode, skip, start } of peers) {
    test(
      `${mode.toLowerCase()} TLS to ${name}, which demands resumption: lists, uploads and deletes`,
      { skip },
      async () => {
        await using peer = await start();
        await using own = await gatewayFor(readFileSync(peer.caFile, "utf8"));
        await using open = await openPage(browser, own);
        const { page, faults } = open;
        const port = mode === "Implicit" ? peer.implicitPort : peer.explicitPort;
        await signIn(page, { address: `localhost:${port}`, mode });
        await page.getByRole("grid").waitFor();
        const content = randomBytes(300_000);
        writeFileSync(join(folder, "peer.bin"), content);
        await page.getByTestId("files").setInputFiles(join(folder, "peer.bin"));
        await row(page, "peer.bin").click();
        assert.deepEqual(readFileSync(join(peer.home, "peer.bin")), content);
        await page.getByRole("button", { name: /TLS 1\.[23].*data resumed/ }).waitFor();
        await page.keyboard.press("Delete");
        await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
        await row(page, "peer.bin").waitFor({ state: "detached" });
        assert.deepEqual(faults, []);
      },
    );
  }
});

function gatewayFor(authorities: string | undefined, port = 0): Promise<Gateway> {
  const trust = authorities === undefined ? {} : { authorities };
  return Gateway.start({ listen: "127.0.0.1", port, version: "0.0.0", ...trust });
}

function writeRandom(file: string, sizeBytes: number): Buffer {
  const content = randomBytes(sizeBytes);
  writeFileSync(file, content);
  return content;
}

const mebibyte = 1_048_576;

function row(page: Page, name: string) {
  return page.getByRole("row", { name });
}

/** Moves by keyboard to a row, from wherever the focus is in the grid or before it. */
async function focus(page: Page, name: string): Promise<void> {
  await row(page, name).waitFor();
  for (let presses = 0; presses < 30; presses++) {
    const role = await page.evaluate("document.activeElement?.getAttribute('role')");
    if (role === "row") break;
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Home");
  await page.getByRole("row", { name, selected: true }).waitFor();
}

async function objections(page: Page): Promise<readonly string[]> {
  const found = (await page.evaluate("axe.run()")) as axe.AxeResults;
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}
