import { startTestServer, type TestServer } from "@sallyport/testing";
import { Gateway } from "@sallyport/web";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { browserSkip, goOffline, openPage, signIn, slowDown, startBrowser } from "./browser-page.ts";

suite("The page where connections are lost", { skip: browserSkip }, () => {
  let browser: Browser;
  let server: TestServer;
  const folder = mkdtempSync(join(tmpdir(), "sallyport-lost-"));
  const large = join(folder, "large.bin");
  const content = randomBytes(8 * 1_048_576);

  before(async () => {
    [browser, server] = await Promise.all([startBrowser(), startTestServer()]);
    writeFileSync(large, content);
    mkdirSync(join(server.directory, "deep"));
    writeFileSync(join(server.directory, "deep", "note.txt"), "as it was");
  });
  after(async () => {
    await browser.close();
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  const gatewayOn = (port = 0): Promise<Gateway> =>
    Gateway.start({ listen: "127.0.0.1", port, version: "0.0.0", authorities: server.identity.ca });
  const explicit = () => ({ address: `localhost:${server.explicitPort}`, mode: "Explicit" }) as const;
  const uploaded = (): Buffer => readFileSync(join(server.directory, "deep", "large.bin"));

  /** Signs in, goes to the folder, and has an upload under way. */
  async function underWay(page: Page, bytesPerSecond = 4_000_000): Promise<void> {
    rmSync(join(server.directory, "deep", "large.bin"), { force: true });
    await signIn(page, explicit());
    await page.getByRole("row", { name: "deep" }).dblclick();
    await page.getByRole("row", { name: "note.txt" }).waitFor();
    await slowDown(page, bytesPerSecond);
    await page.getByTestId("files").setInputFiles(large);
    await page.getByText(/[1-5]\.\d MiB of 8\.0 MiB/).waitFor();
  }

  test("the server closes all connections: the list stays, and the upload goes on by itself", async () => {
    await using gateway = await gatewayOn();
    await using open = await openPage(browser, gateway);
    const { page, faults } = open;
    await underWay(page);
    assert.ok(server.server.disconnect({ account: "alice" }, "Gone") > 0);
    await page.getByText(/done, went on at \d+%/).waitFor();
    assert.ok(uploaded().equals(content));
    assert.equal(await page.getByRole("row", { name: "note.txt" }).count(), 1);
    server.server.disconnect({ account: "alice" }, "Gone");
    writeFileSync(join(server.directory, "deep", "later.txt"), "later");
    await page.getByRole("row", { name: "note.txt" }).click();
    await page.keyboard.press("Control+r");
    await page.getByRole("row", { name: "later.txt" }).waitFor();
    assert.equal(await page.getByRole("alert").count(), 0);
    assert.deepEqual(faults, []);
  });

  test("the page is offline for a while: it says so, the list stays, and the upload goes on afterwards", async () => {
    await using gateway = await gatewayOn();
    await using cable = await startCable(gateway.port);
    await using open = await openPage(browser, cable);
    const { page, faults } = open;
    await underWay(page);
    await goOffline(page);
    cable.unplug();
    await page.getByRole("status").getByText("No connection to the gateway").waitFor();
    await page.getByText("goes on when the gateway is back").waitFor();
    assert.equal(await page.getByRole("row", { name: "note.txt" }).count(), 1);
    await page.getByRole("row", { name: "note.txt" }).click();
    await page.keyboard.press("Control+r");
    await page.getByRole("alert").getByText("The gateway does not answer").waitFor();
    cable.plug();
    await slowDown(page, -1);
    await page.getByText(/done, went on at \d+%/).waitFor();
    await page.getByRole("alert").waitFor({ state: "detached" });
    assert.equal(await page.getByText("No connection to the gateway").count(), 0);
    assert.ok(uploaded().equals(content));
    assert.deepEqual(faults, []);
  });

  test("a copy and a download end while the page is away: once it is back, the queue shows how", async () => {
    await using gateway = await gatewayOn();
    await using cable = await startCable(gateway.port);
    await using open = await openPage(browser, cable);
    const { page, faults } = open;
    writeFileSync(join(server.directory, "slow.bin"), content.subarray(0, 3 * 1_048_576));
    rmSync(join(server.directory, "deep", "slow.bin"), { force: true });
    await page.getByText("More options").click();
    await page.getByLabel("Octets a second at most").fill("1000000");
    await signIn(page, explicit());
    await page.getByRole("row", { name: "slow.bin" }).click();
    await page.keyboard.press("Control+c");
    await page.getByRole("row", { name: "deep" }).dblclick();
    await page.getByRole("row", { name: "note.txt" }).click();
    await page.keyboard.press("Control+v");
    await page.locator(".transfer[data-state=running]").waitFor();
    await page.keyboard.press("Backspace");
    await page.getByRole("row", { name: "slow.bin" }).click();
    await page.keyboard.press("Control+s");
    await page.locator(".transfer[data-state=running]").nth(1).waitFor();
    cable.unplug();
    await page.getByRole("status").getByText("No connection to the gateway").waitFor();
    for (let turn = 0; turn < 300 && !existsSync(join(server.directory, "deep", "slow.bin")); turn++) await delay(100);
    await delay(500);
    assert.ok((await page.locator(".transfer[data-state=running]").count()) > 0);
    cable.plug();
    await page.locator(".transfer[data-state=done]").getByText("slow.bin").waitFor();
    await page.locator(".transfer[data-state=running]").first().waitFor({ state: "detached" });
    assert.equal(await page.locator(".transfer").count(), 2);
    assert.deepEqual(faults, []);
  });

  test("the gateway is started anew: after signing in again the folder, an unsaved text and the upload are there", async () => {
    let gateway = await gatewayOn();
    try {
      await using open = await openPage(browser, gateway);
      const { page } = open;
      // Half a minute for the whole: however long the next steps take, the gateway ends before the upload.
      await underWay(page, 250_000);
      await page.getByRole("row", { name: "note.txt" }).dblclick();
      await page.getByRole("textbox", { name: "Text of note.txt" }).fill("not saved yet");
      const { port } = gateway;
      await gateway[Symbol.asyncDispose]();
      gateway = await gatewayOn(port);
      const again = page.getByRole("dialog", { name: "Sign in to localhost again" });
      await again.waitFor();
      await slowDown(page, -1);
      await page.locator("input[name=password]:focus").waitFor();
      await page.keyboard.type("secret");
      await again.getByRole("button", { name: "Connect" }).click();
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await again.waitFor({ state: "detached" });
      await page.getByRole("status").getByText("note.txt is saved").waitFor();
      assert.equal(readFileSync(join(server.directory, "deep", "note.txt"), "utf8"), "not saved yet");
      await page.keyboard.press("Escape");
      await page.getByText(/done, went on at \d+%/).waitFor();
      assert.ok(uploaded().equals(content));
      assert.equal(await page.getByRole("row", { name: "note.txt" }).count(), 1);
    } finally {
      await gateway[Symbol.asyncDispose]();
    }
  });
});

interface Cable extends AsyncDisposable {
  readonly port: number;
  plug(): void;
  unplug(): void;
}

/** What lies between a browser and the gateway; unplugged, nothing that was under way arrives. */
async function startCable(target: number): Promise<Cable> {
  const sockets = new Set<Socket>();
  let isPlugged = true;
  const plug = (): void => void (isPlugged = true);
  const unplug = (): void => {
    isPlugged = false;
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    if (!isPlugged) return void client.destroy();
    const gateway = connect(target, "127.0.0.1");
    for (const [socket, other] of [
      [client, gateway],
      [gateway, client],
    ] as const) {
      sockets.add(socket);
      socket
        .on("error", () => {})
        .once("close", () => {
          sockets.delete(socket);
          other.destroy();
        });
      socket.pipe(other);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const dispose = async (): Promise<void> => {
    unplug();
    server.close();
    await once(server, "close");
  };
  return { port: (server.address() as AddressInfo).port, plug, unplug, [Symbol.asyncDispose]: dispose };
}
