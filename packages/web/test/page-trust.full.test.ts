import { makeTestIdentity, startTestServer, type TestIdentity, type TestServer } from "@sallyport/testing";
import { Gateway } from "@sallyport/web";
import assert from "node:assert/strict";
import { after, before, mock, suite, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { browserSkip, openPage, signIn, startBrowser } from "./browser-page.ts";

const names = ["localhost", "127.0.0.1"];
const expired = makeTestIdentity({ names, validFromDays: -40, validForDays: -10 });
const early = makeTestIdentity({ names, validFromDays: 5, validForDays: 50 });
const elsewhere = makeTestIdentity({ names: ["elsewhere.test", "other.test"] });
const both = makeTestIdentity({ names: ["elsewhere.test"], validFromDays: -40, validForDays: -10 });

interface Case {
  readonly what: string;
  readonly identity: TestIdentity;
  /** When the server was started, in days from now: ours starts with no certificate that is not valid. */
  readonly startedDays: number;
  readonly sentences: (day: (days: number) => string) => readonly string[];
}

const cases: readonly Case[] = [
  {
    what: "has expired",
    identity: expired,
    startedDays: -20,
    sentences: (day) => [`The certificate of localhost expired on ${day(-10)}.`],
  },
  {
    what: "is not valid yet",
    identity: early,
    startedDays: 6,
    sentences: (day) => [
      `The certificate of localhost is not valid before ${day(5)}, unless the clock of the gateway is wrong.`,
    ],
  },
  {
    what: "is for other names",
    identity: elsewhere,
    startedDays: 0,
    sentences: () => ["The certificate is for elsewhere.test, other.test, not for localhost."],
  },
  {
    what: "has expired and is for another name",
    identity: both,
    startedDays: -20,
    sentences: (day) => [
      `The certificate of localhost expired on ${day(-10)}.`,
      "The certificate is for elsewhere.test, not for localhost.",
    ],
  },
];

suite("The page before a server whose certificate is wrong", { skip: browserSkip }, () => {
  let browser: Browser;
  before(async () => void (browser = await startBrowser()));
  after(() => browser.close());

  for (const { what, identity, startedDays, sentences } of cases) {
    for (const mode of ["Explicit", "Implicit"] as const) {
      test(`${mode.toLowerCase()}: one that ${what} is told in a sentence, and nothing is sent unless it is trusted`, async () => {
        await using server = await startServer(identity, startedDays);
        await using gateway = await Gateway.start({
          listen: "127.0.0.1",
          port: 0,
          version: "0.0.0",
          authorities: identity.ca,
        });
        await using open = await openPage(browser, gateway);
        const { page, faults } = open;
        const port = mode === "Explicit" ? server.explicitPort : server.implicitPort;
        await signIn(page, { address: `localhost:${port}`, mode });
        const dialog = page.getByRole("dialog", { name: "Can you vouch for localhost?" });
        await dialog.waitFor();
        assert.deepEqual(await dialog.getByRole("listitem").allInnerTexts(), sentences(await dayOf(page)));
        assert.deepEqual(sentBy(server), mode === "Explicit" ? ["AUTH TLS"] : []);

        const connections = countOf(server, "connection-opened");
        await dialog.getByRole("button", { name: "Stop" }).click();
        await dialog.waitFor({ state: "detached" });
        assert.equal(await page.getByRole("grid").count(), 0);
        assert.equal(await page.getByRole("button", { name: "Connect" }).isEnabled(), true);
        assert.doesNotMatch(String(await page.evaluate("JSON.stringify(localStorage)")), /sha256\//);
        assert.equal(countOf(server, "connection-opened"), connections);
        assert.deepEqual(sentBy(server), mode === "Explicit" ? ["AUTH TLS"] : []);

        await page.getByRole("button", { name: "Connect" }).click();
        await dialog.getByRole("button", { name: "Trust once" }).click();
        await page.getByRole("grid").waitFor();
        assert.ok(sentBy(server).includes("USER alice"), sentBy(server).join());
        assert.deepEqual(faults, []);
      });
    }
  }
});

async function startServer({ certificate, key }: TestIdentity, startedDays: number): Promise<TestServer> {
  mock.timers.enable({ apis: ["Date"], now: Date.now() + startedDays * 86_400_000 });
  try {
    return await startTestServer({
      tls: { identities: [{ certificate, key }] },
      observer: { transcript: true, onEvent: () => {} },
    });
  } finally {
    mock.timers.reset();
  }
}

function countOf(server: TestServer, kind: string): number {
  return server.events.filter((event) => event.kind === kind).length;
}

/** Command lines that reached the server. */
function sentBy({ events }: TestServer): readonly string[] {
  return events.flatMap((event) => (event.kind === "command" ? [event.line] : []));
}

/** A day as the page writes it, some days from now. */
async function dayOf(page: Page): Promise<(days: number) => string> {
  const write = 'new Intl.DateTimeFormat("en", { dateStyle: "long" })';
  const texts = new Map<number, string>();
  for (const days of [-10, 5]) {
    // oxlint-disable-next-line no-await-in-loop -- two
    texts.set(days, await page.evaluate<string>(`${write}.format(new Date(Date.now() + ${days} * 86_400_000))`));
  }
  return (days) => texts.get(days) ?? "";
}
