import { startTestServer, type TestServer } from "@sallyport/testing";
import { Gateway } from "@sallyport/web";
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Browser, Locator, Page } from "playwright-core";
import { browserSkip, openPage, signIn, startBrowser } from "./browser-page.ts";

suite("Managing files in a browser", { skip: browserSkip }, () => {
  let browser: Browser;
  let one: TestServer;
  let other: TestServer;
  let gateway: Gateway;

  before(async () => {
    [browser, one, other] = await Promise.all([startBrowser(), startTestServer(), startTestServer()]);
    const authorities = `${one.identity.ca}\n${other.identity.ca}`;
    gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0", authorities });
  });
  after(async () => {
    await browser.close();
    await gateway[Symbol.asyncDispose]();
    await Promise.all([one[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
  });

  test("a second pane shows another server; keys and dragging copy and move between them", async () => {
    mkdirSync(join(one.directory, "album/below"), { recursive: true });
    writeFileSync(join(one.directory, "album/below/deep.txt"), "deep");
    for (const name of ["copied.txt", "dragged.txt", "moved.txt"]) writeFileSync(join(one.directory, name), name);
    mkdirSync(join(other.directory, "inbox"));
    await using open = await openPage(browser, gateway);
    const { page, faults } = open;
    await signIn(page, { address: `localhost:${one.explicitPort}`, mode: "Explicit" });
    await row(page, "copied.txt").click();
    await page.keyboard.press("Control+b");
    const [left, right] = [page.getByRole("region", { name: "Pane 1" }), page.getByRole("region", { name: "Pane 2" })];
    await page.getByLabel("Server of this pane").selectOption({ label: "Another server…" });
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("combobox", { name: "Server" }).fill(`localhost:${other.implicitPort}`);
    await dialog.getByRole("radio", { name: "Implicit" }).check();
    await dialog.getByLabel("Password", { exact: true }).fill("secret");
    await dialog.getByRole("button", { name: "Connect" }).click();
    await row(right, "inbox").waitFor();

    await row(left, "copied.txt").click();
    await row(left, "album").click({ modifiers: ["ControlOrMeta"] });
    await page.keyboard.press("F5");
    await row(right, "copied.txt").waitFor();
    await row(right, "album").waitFor();
    assert.equal(readFileSync(join(other.directory, "album/below/deep.txt"), "utf8"), "deep");
    await row(left, "moved.txt").click();
    await page.keyboard.press("F6");
    await row(left, "moved.txt").waitFor({ state: "detached" });
    assert.equal(readFileSync(join(other.directory, "moved.txt"), "utf8"), "moved.txt");
    await row(left, "dragged.txt").dragTo(row(right, "inbox"));
    await page.locator(".transfer[data-state=done]").nth(2).waitFor();
    assert.equal(readFileSync(join(other.directory, "inbox/dragged.txt"), "utf8"), "dragged.txt");
    assert.ok(existsSync(join(one.directory, "dragged.txt")));
    await row(right, "copied.txt").dragTo(row(right, "inbox"));
    await row(right, "copied.txt").waitFor({ state: "detached" });
    assert.equal(readFileSync(join(other.directory, "inbox/copied.txt"), "utf8"), "copied.txt");
    assert.deepEqual(faults, []);
  });

  test("a menu, the clipboard, a new file, hidden names, tiles and an archive", async () => {
    mkdirSync(join(one.directory, "work/sub"), { recursive: true });
    for (const name of ["a.txt", ".secret", "pic.txt"]) writeFileSync(join(one.directory, "work", name), name);
    await using open = await openPage(browser, gateway);
    const { page, faults } = open;
    await signIn(page, { address: `ftpes://localhost:${one.explicitPort}/work`, mode: "Explicit" });
    await row(page, "a.txt").click({ button: "right" });
    await page.getByRole("menuitem", { name: "Copy" }).click();
    await row(page, "sub").dblclick();
    await page.getByText("This folder is empty").waitFor();
    await page.keyboard.press("Control+v");
    await row(page, "a.txt").waitFor();
    await page.keyboard.press("Shift+F7");
    await page.getByRole("textbox", { name: "Name" }).fill("new.md");
    await page.keyboard.press("Enter");
    await row(page, "new.md").waitFor();
    assert.equal(readFileSync(join(one.directory, "work/sub/new.md"), "utf8"), "");
    await row(page, "a.txt").click();
    await page.keyboard.press("Backspace");
    await page.getByRole("row", { name: "sub", selected: true }).waitFor();
    await page.keyboard.press("Control+h");
    await row(page, ".secret").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "1 hidden" }).click();
    await page.keyboard.press("Control+g");
    await page.getByRole("option", { name: "pic.txt" }).click();
    await page.getByRole("option", { name: "sub" }).click({ modifiers: ["Shift"] });
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByTitle("Download").click()]);
    assert.equal(download.suggestedFilename(), "work.zip");
    assert.equal(
      readFileSync(await download.path())
        .subarray(0, 4)
        .toString("latin1"),
      "PK\x03\x04",
    );
    await page.keyboard.press("/");
    await page.getByRole("textbox", { name: "Names below /work" }).fill("NEW");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "new.md" }).click();
    await page.getByRole("option", { name: "new.md", selected: true }).waitFor();
    assert.deepEqual(faults, []);
  });

  test("a finger opens with a tap, and the menu by resting", async () => {
    mkdirSync(join(one.directory, "touched"), { recursive: true });
    for (const name of ["one.txt", "two.txt"]) writeFileSync(join(one.directory, "touched", name), name);
    await using open = await openPage(browser, gateway, { viewport: { width: 390, height: 780 }, hasTouch: true });
    const { page, faults } = open;
    await signIn(page, { address: `localhost:${one.explicitPort}`, mode: "Explicit" });
    await row(page, "touched").tap();
    const first = row(page, "one.txt");
    const box = (await first.boundingBox()) ?? assert.fail();
    const touchPoints = [{ x: box.x + 60, y: box.y + box.height / 2 }];
    const wire = await page.context().newCDPSession(page);
    await wire.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints });
    await page.getByRole("menuitem", { name: "Rename" }).waitFor();
    await wire.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await page.getByRole("menuitem", { name: "Rename" }).tap();
    await page.getByLabel("New name of one.txt").fill("three.txt");
    await page.keyboard.press("Enter");
    await row(page, "three.txt").waitFor();
    await row(page, "two.txt").tap();
    await page.getByText("2 of 2 selected").waitFor();
    assert.deepEqual(faults, []);
  });

  test("the editor saves whole files, and asks where somebody else has saved meanwhile", async () => {
    const file = join(one.directory, "edited.conf");
    writeFileSync(file, "first\r\nsecond\r\n", { mode: 0o640 });
    await using open = await openPage(browser, gateway);
    const { page, faults } = open;
    await signIn(page, { address: `localhost:${one.explicitPort}`, mode: "Explicit" });
    await row(page, "edited.conf").dblclick();
    const text = page.getByRole("textbox", { name: "Text of edited.conf" });
    await text.click();
    await page.keyboard.press("Control+Home");
    await page.keyboard.type("zero ");
    await page.keyboard.press("Control+s");
    await page.getByText("/edited.conf is saved").waitFor();
    assert.equal(readFileSync(file, "utf8"), "zero first\r\nsecond\r\n");

    // What is typed while the save is on its way stays, and is not saved yet.
    const held = Promise.withResolvers<void>();
    await page.route("**/api/uploads/**", async (route) => {
      await held.promise;
      await route.continue();
    });
    await page.keyboard.type("one ");
    const sent = page.waitForRequest((request) => request.method() === "PATCH");
    await page.keyboard.press("Control+s");
    await sent;
    await page.keyboard.type("two ");
    held.resolve();
    const save = page.getByRole("button", { name: "Save", exact: true });
    await save.and(page.locator(":enabled")).waitFor();
    await page.unroute("**/api/uploads/**");
    assert.equal(readFileSync(file, "utf8"), "zero one first\r\nsecond\r\n");
    await page.keyboard.press("Control+s");
    await page.getByText("/edited.conf is saved").waitFor();
    assert.equal(readFileSync(file, "utf8"), "zero one two first\r\nsecond\r\n");

    // Reloading shows the server's text, also where that is the one which was read.
    await page.keyboard.type("thrown away ");
    utimesSync(file, 1_700_000_000, 1_700_000_000);
    await page.keyboard.press("Control+s");
    await page.getByRole("button", { name: "Load the other version, and lose mine" }).click();
    await text.getByText("thrown away").waitFor({ state: "detached" });
    assert.match((await text.textContent()) ?? "", /^zero one two first/);

    await text.click();
    await page.keyboard.type("mine ");
    // Neither size nor time tells of it: what two people save within a second is as old as each other.
    const theirs = `${"theirs".padEnd(readFileSync(file).length - 1, ".")}\n`;
    writeFileSync(file, theirs);
    utimesSync(file, 1_700_000_000, 1_700_000_000);
    await page.keyboard.press("Control+s");
    const asked = page.getByRole("dialog", { name: "edited.conf has changed meanwhile" });
    await asked.getByRole("button", { name: "Save mine under another name" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("mine.conf");
    await page.keyboard.press("Enter");
    await row(page, "mine.conf").waitFor({ state: "attached" });
    assert.match(readFileSync(join(one.directory, "mine.conf"), "utf8"), /mine/);
    assert.equal(readFileSync(file, "utf8"), theirs);

    // Gone is not changed; and the key saves wherever the focus is.
    rmSync(file);
    await page.getByRole("dialog").getByRole("button", { name: "Download" }).focus();
    await page.keyboard.press("Control+s");
    const gone = page.getByRole("dialog", { name: "edited.conf is no longer there" });
    await gone.getByRole("button", { name: "Save it anyway" }).click();
    await page.getByRole("status").getByText("edited.conf is saved").waitFor();
    assert.match(readFileSync(file, "utf8"), /mine/);
    assert.deepEqual(faults, []);
  });

  test("Markdown is text and a few kinds of elements, whatever is in it; of long texts the first part is shown", async () => {
    const evil = [
      "# Title",
      "- [x] finished task",
      "<script>document.title = 'owned'</script>",
      "<img src=x onerror=\"document.title='owned'\">",
      "[run](javascript:document.title='owned') [data](data:text/html,x) [web](https://example.com/)",
      "![picture](https://example.com/tracker.png)",
      "<iframe srcdoc=\"<script>parent.document.title='owned'</script>\"></iframe>",
    ].join("\n\n");
    writeFileSync(join(one.directory, "evil.md"), evil);
    writeFileSync(join(one.directory, "long.log"), "a line of a log\n".repeat(200_000));
    writeFileSync(join(one.directory, "really.txt"), Buffer.from([0x89, 0, 1, 2]));
    await using open = await openPage(browser, gateway);
    const { page, faults } = open;
    const asked: string[] = [];
    page.on("request", (request) => void (request.url().includes("example.com") && asked.push(request.url())));
    await signIn(page, { address: `localhost:${one.explicitPort}`, mode: "Explicit" });
    await row(page, "evil.md").dblclick();
    const shown = page.locator(".markdown");
    await shown.getByRole("heading", { name: "Title" }).waitFor();
    assert.deepEqual(await shown.getByRole("link").allTextContents(), ["web"]);
    assert.equal(await shown.locator("img, iframe, script").count(), 0);
    await shown.getByText("<script>document.title").waitFor();
    assert.equal(await page.title(), "Sallyport");
    assert.ok(await shown.getByRole("checkbox", { name: "Task" }).isChecked());
    assert.equal(await shown.getByRole("listitem").textContent(), "finished task");
    await page.getByRole("button", { name: "Close" }).click();
    await row(page, "long.log").dblclick();
    await page.getByText("Only the first 2.0 MiB are shown").waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    await row(page, "really.txt").dblclick();
    await page.getByText("This is no text").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
    // A name that is taken is told of while it stands there.
    await page.getByTitle("New folder").click();
    await page.getByRole("textbox", { name: "Name" }).fill("evil.md");
    await page.keyboard.press("Enter");
    assert.equal(await page.locator("input[name=name]:invalid").count(), 1);
    await page.getByRole("textbox", { name: "Name" }).fill("not taken");
    await page.keyboard.press("Enter");
    await row(page, "not taken").waitFor();
    assert.match(await page.locator(".status").innerText(), /^1 of \d+ selected$/);
    // So is one of which only the server knows.
    mkdirSync(join(one.directory, "behind"));
    await page.getByTitle("New folder").click();
    await page.getByRole("textbox", { name: "Name" }).fill("behind");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByRole("alert").waitFor();
    assert.equal(await page.getByRole("textbox", { name: "Name" }).inputValue(), "behind");
    assert.equal(await page.getByRole("alert").count(), 1);
    await page.keyboard.press("Escape");
    assert.equal(await page.getByRole("alert").count(), 0);
    // A new name that is taken can be typed on, whether it is a folder's or a file's that shall stay.
    await row(page, "evil.md").click();
    await page.keyboard.press("F2");
    const renamed = page.getByLabel("New name of evil.md");
    await renamed.fill("behind");
    await page.keyboard.press("Enter");
    assert.equal(await page.locator("input.rename:invalid").count(), 1);
    await renamed.fill("long.log");
    await page.keyboard.press("Enter");
    const lost = "If evil.md gets the name long.log, what is in long.log now is lost.";
    await page.getByRole("dialog", { name: "long.log exists already" }).getByText(lost).waitFor();
    await page.keyboard.press("Escape");
    await renamed.and(page.locator(":focus")).waitFor();
    assert.equal(await renamed.inputValue(), "long.log");
    await page.keyboard.press("Escape");
    await row(page, "long.log").click();
    await row(page, "behind").click({ modifiers: ["ControlOrMeta"] });
    await page.keyboard.press("Delete");
    await page.getByRole("dialog", { name: "Delete 2 entries?" }).getByText("behind, long.log. Folders go").waitFor();
    await page.keyboard.press("Escape");
    assert.deepEqual(asked, []);
    assert.deepEqual(faults, []);
  });
});

function row(within: Page | Locator, name: string): Locator {
  return within.getByRole("row", { name });
}
