import type { TestServer } from "@sallyport/testing";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { signIn } from "./browser-page.ts";
import { pdfOf } from "./pdf-files.ts";

/** How a person may see the page. */
export const looks = {
  light: { colorScheme: "light", viewport: { width: 1200, height: 760 } },
  dark: { colorScheme: "dark", viewport: { width: 1200, height: 760 } },
  phone: { colorScheme: "light", viewport: { width: 390, height: 780 }, hasTouch: true },
  "dark-phone": { colorScheme: "dark", viewport: { width: 390, height: 780 }, hasTouch: true },
} as const satisfies Record<string, BrowserContextOptions>;

/** One screen: what leads to it from the one before, and what leads away. */
interface Screen {
  readonly name: string;
  readonly show: (page: Page, server: TestServer) => Promise<unknown>;
  readonly leave?: (page: Page) => Promise<unknown>;
}

async function escape(page: Page): Promise<void> {
  await page.keyboard.press("Escape");
  await page.locator("dialog, .menu").waitFor({ state: "detached" });
  await page.locator("*:focus").first().waitFor();
}

/** Every screen of the page, in the order in which one leads to the next; the gateway trusts no authority. */
export const screens: readonly Screen[] = [
  { name: "sign-in", show: (page) => page.getByRole("button", { name: "Connect" }).waitFor() },
  {
    name: "sign-in-clear",
    show: (page) => page.getByRole("radio", { name: "None" }).check(),
  },
  {
    name: "sign-in-failed",
    show: async (page) => {
      await signIn(page, { address: "localhost:1", mode: "Explicit" });
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "trust",
    show: async (page, server) => {
      await signIn(page, { address: `localhost:${server.explicitPort}`, mode: "Explicit" });
      await page.getByRole("dialog").waitFor();
    },
    leave: (page) => page.getByRole("button", { name: "Trust once" }).click(),
  },
  {
    name: "files",
    show: async (page) => {
      await entry(page, "photo.png").waitFor();
      await entry(page, "notes.md").click({ modifiers: ["ControlOrMeta"] });
    },
  },
  {
    name: "menu",
    show: (page) => entry(page, "notes.md").click({ button: "right" }),
    leave: escape,
  },
  {
    name: "tiles",
    show: async (page) => {
      await page.keyboard.press("Control+g");
      await page.locator("img.thumbnail").waitFor();
    },
    leave: (page) => page.keyboard.press("Control+g"),
  },
  {
    name: "details",
    show: async (page) => {
      await entry(page, "photo.png").click({ modifiers: ["ControlOrMeta"] });
      await page.keyboard.press("Escape");
      await page.keyboard.press("Space");
      await page.keyboard.press("Alt+Enter");
      await page.getByRole("button", { name: "Ask for the checksum" }).waitFor();
    },
    leave: escape,
  },
  {
    name: "picture",
    show: async (page) => {
      await page.keyboard.press("Enter");
      await page.locator(".view img").waitFor();
    },
    leave: escape,
  },
  {
    name: "markdown",
    show: async (page) => {
      await goTo(page, "notes");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "What the doors do" }).waitFor();
    },
    leave: escape,
  },
  {
    name: "editor",
    show: async (page) => {
      await goTo(page, "serve");
      await page.keyboard.press("F4");
      await page.getByRole("textbox", { name: "Text of server.ts" }).waitFor();
    },
    leave: escape,
  },
  {
    name: "pdf",
    show: async (page) => {
      await page.keyboard.type("statement");
      await page.keyboard.press("Enter");
      await page.locator(".pdf-text", { hasText: "Two doors" }).waitFor();
    },
    leave: escape,
  },
  {
    name: "search",
    show: async (page) => {
      await page.keyboard.press("/");
      await page.getByRole("textbox", { name: /Names below/ }).fill("invoice-");
      await page.keyboard.press("Enter");
      await page.getByText("1 found").waitFor();
    },
    leave: escape,
  },
  {
    name: "keys",
    show: async (page) => {
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keys" }).waitFor();
    },
    leave: escape,
  },
  {
    name: "logins",
    show: async (page) => {
      await page.getByRole("button", { name: "Logins of this browser" }).click();
      await page.getByText("this one").waitFor();
    },
    leave: escape,
  },
  {
    name: "delete",
    show: async (page) => {
      await page.locator(".rows [tabindex='0']").focus();
      await page.keyboard.press("Delete");
      await page.getByRole("alertdialog").or(page.getByRole("dialog")).waitFor();
    },
    leave: escape,
  },
  {
    name: "queue",
    show: async (page, { directory }) => {
      rmSync(join(directory, "uploaded.bin"), { force: true });
      await page
        .getByTestId("files")
        .first()
        .setInputFiles({
          name: "uploaded.bin",
          mimeType: "application/octet-stream",
          buffer: Buffer.alloc(2_000_000),
        });
      await page.locator(".transfer[data-state=done]").waitFor();
    },
    leave: (page) => page.getByRole("button", { name: "Clear finished" }).click(),
  },
  {
    name: "dialogue",
    show: (page) => page.getByRole("button", { name: "Dialogue with the server" }).click(),
    leave: (page) => page.getByRole("button", { name: "Dialogue with the server" }).click(),
  },
  {
    name: "two-panes",
    show: async (page) => {
      // Whatever was looked at last: on a phone the list has scrolled to it.
      await page.locator(".rows [tabindex='0']").focus();
      await page.keyboard.press("Control+b");
      await page.getByRole("region", { name: "Pane 2" }).getByRole("row", { name: "website" }).waitFor();
    },
  },
  {
    name: "connect-beside",
    show: async (page) => {
      await page.getByLabel("Server of this pane").selectOption({ label: "Another server…" });
      await page.getByRole("dialog").getByRole("button", { name: "Connect" }).waitFor();
    },
    leave: async (page) => {
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.getByRole("button", { name: "Close this pane" }).click();
    },
  },
  {
    name: "no-match",
    show: async (page) => {
      await page.getByRole("searchbox", { name: "Filter by name" }).fill("no such name");
      await page.getByText("No name has").waitFor();
    },
    leave: (page) => page.getByRole("searchbox", { name: "Filter by name" }).fill(""),
  },
  {
    name: "empty",
    show: async (page) => {
      await entry(page, "empty").dblclick();
      await page.getByText("This folder is empty").waitFor();
    },
  },
  {
    name: "not-there",
    show: async (page) => {
      await page.keyboard.press("Control+l");
      await page.keyboard.type("/nowhere");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "away",
    show: async (page) => {
      await page.evaluate("dispatchEvent(new Event('offline'))");
      await page.getByRole("status").getByText("No connection to the gateway").waitFor();
    },
    leave: (page) => page.evaluate("dispatchEvent(new Event('online'))"),
  },
  {
    name: "sign-in-again",
    show: async (page) => {
      // Another gateway has no login of this browser.
      await page.context().clearCookies();
      await page.keyboard.press("Control+l");
      await page.keyboard.type("/website");
      await page.keyboard.press("Enter");
      await page.getByRole("dialog", { name: /^Sign in to localhost again/ }).waitFor();
    },
  },
];

/** What the screens show. */
export function fill({ directory }: TestServer): void {
  for (const name of ["empty", "website", "invoices/2026"]) mkdirSync(join(directory, name), { recursive: true });
  writeFileSync(join(directory, "photo.png"), picture);
  writeFileSync(join(directory, "statement.pdf"), pdfOf(["Two doors", "One lock"]));
  writeFileSync(join(directory, "invoices/2026/invoice-17.pdf"), Buffer.alloc(48_000));
  writeFileSync(
    join(directory, "server.ts"),
    "// The inner door\nexport const port = 990;\n\nstart({ port, tls: true });\n",
  );
  writeFileSync(join(directory, ".htaccess"), "Require all granted\n");
  writeFileSync(
    join(directory, "notes.md"),
    "# What the doors do\n\nOne opens *only* when the other is **shut**.\n\n- explicit: `AUTH TLS`\n- implicit: port 990\n\n> Never in clear.\n\n| Port | Door |\n| ---- | ---- |\n| 21 | explicit |\n| 990 | implicit |\n",
  );
  for (let number = 1; number <= 24; number++) {
    const name = `report-${String(number).padStart(2, "0")}.csv`;
    writeFileSync(join(directory, name), Buffer.alloc(number * 7_919, "a,b\n"));
  }
}

function entry(page: Page, name: string) {
  return page.getByRole("row", { name }).or(page.getByRole("option", { name })).first();
}

/** Moves by typing the beginning of a name. */
async function goTo(page: Page, start: string): Promise<void> {
  await page.locator(".rows [tabindex='0']").first().focus();
  await page.keyboard.press("Home");
  await page.keyboard.type(start);
}

/** Two doors. */
const picture = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAGAAAABACAIAAABqVuVZAAAAeklEQVR42u3QoQ0AIAwAsHkEnyI5hy8JkzyAH6JJL2j0OcqdzKe9WrkQJEiQIEGCBAkSJEiQIEGCBAkSJEiQIEGCBAkSJEiQIEGCBAkSJEiQIEGCBAkSJEiQIEGCBAkSJEiQIEGCBAkSJEiQIEGCBAkSJEiQIEGC/gu6LwoK/8Dvd2UAAAAASUVORK5CYII=",
  "base64",
);
