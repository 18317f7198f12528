import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, suite, test } from "node:test";
import { type Handler, startScriptedServer } from "../../client/test/scripted-server.ts";
import type { DownloadJson, LoginJson } from "../src/api/api.ts";
import { BrowserHalf } from "./browser-half.ts";
import { type GatewayProcess, spawnGateway } from "./gateway-process.ts";

const long = "n".repeat(4_000);

/** Lines without end. */
function endless(line: (number: number) => string): Handler {
  let count = 0;
  return async (peer) => {
    peer.reply("150 here it comes");
    const data = await peer.data();
    while (!data.destroyed) {
      const lines = Array.from({ length: 200 }, () => `${line(count++)}\r\n`).join("");
      if (!data.write(lines)) await Promise.race([once(data, "drain"), once(data, "close")]).catch(() => {});
    }
    return "426 broken off";
  };
}

const deep = endless((number) => `type=dir; ${number}`);

/** What a server lists, by how it would fill the gateway's memory. */
const trees: Readonly<Record<string, Handler>> = {
  "folders with long names": endless((number) => `type=dir; ${number}${long}`),
  "folders far down": async (peer, path) => {
    if (path.split("/").length > 98) return deep(peer, path);
    peer.reply("150 here it comes");
    (await peer.data()).end("type=dir; d\r\n");
    return "226 done";
  },
  links: endless((number) => `type=OS.unix=symlink; ${number}${long.slice(0, 200)}`),
};

suite("Trees without end, and a gateway with 300 MB", () => {
  let gateway: GatewayProcess;
  before(async () => {
    gateway = await spawnGateway("", 0, ["--max-old-space-size=300"]);
  });
  after(() => gateway.kill());

  for (const [what, list] of Object.entries(trees)) {
    test(`${what} without end: searches, ZIP files and copies of them end, and the gateway lives`, async () => {
      await using server = await startScriptedServer({
        MLST: (_, path) => `250-it\r\n type=dir; ${path}\r\n250 end`,
        MLSD: list,
      });
      const browser = new BrowserHalf(gateway.port, 60_000);
      const login = await browser.signIn({ address: `127.0.0.1:${server.port}`, security: "plain" });
      await searched(browser, login);
      await packed(browser, login);
      await copied(browser, login);
      assert.equal((await browser.send("DELETE", `/api/logins/${login.id}`)).status, 204);
    });
  }
});

async function searched(browser: BrowserHalf, login: LoginJson): Promise<void> {
  const answer = await browser.post(`/api/logins/${login.id}/search`, { path: "/", text: "nothing has this name" });
  assert.match(await answer.text(), /SALLYPORT_TREE_TOO_LARGE|"isCut":true/);
}

async function packed(browser: BrowserHalf, login: LoginJson): Promise<void> {
  const request = { directory: "/", names: ["folder"] };
  const { url } = (await (await browser.post(`/api/logins/${login.id}/archives`, request)).json()) as DownloadJson;
  await assert.rejects(browser.send("GET", url).then((answer) => answer.arrayBuffer()));
}

async function copied(browser: BrowserHalf, login: LoginJson): Promise<void> {
  const request = { directory: "/", names: ["folder"], toLogin: login.id, toDirectory: "/other" };
  const { id } = (await (await browser.post(`/api/logins/${login.id}/copies`, request)).json()) as {
    readonly id: string;
  };
  // Links alone are passed over for as long as they come.
  const cancelling = setTimeout(() => void browser.send("DELETE", `/api/logins/${login.id}/copies/${id}`), 20_000);
  await browser.eventsUntil(
    login,
    (event) => event.kind === "transfer" && event.id === id && event.state !== "running",
  );
  clearTimeout(cancelling);
}
