import { needs, peerNeeds, startProftpd, startTestServer, startVsftpd } from "@sallyport/testing";
import { Gateway, type GatewayOptions } from "@sallyport/web";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { once } from "node:events";
import { get } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { after, suite, test } from "node:test";
import type { ConnectionWishes } from "../src/api/wishes.ts";
import type { EntryJson, ListingLine, LoginJson, UploadJson } from "../src/api/api.ts";
import { BrowserHalf } from "./browser-half.ts";

/** A server under test: where it answers, who vouches for it, and what it serves. */
interface Target extends AsyncDisposable {
  readonly explicitPort: number;
  readonly implicitPort: number;
  readonly ca: string;
  readonly served: string;
}

const targets = [
  { name: "Sallyport", skip: false as string | false, start: startOurs },
  { name: "vsftpd", skip: needs(...peerNeeds.vsftpd), start: () => startPeer(startVsftpd()) },
  { name: "ProFTPD", skip: needs(...peerNeeds.proftpd), start: () => startPeer(startProftpd()) },
] as const;

async function startOurs(): Promise<Target> {
  const server = await startTestServer();
  const { explicitPort, implicitPort, identity, directory } = server;
  return {
    explicitPort,
    implicitPort,
    ca: identity.ca,
    served: directory,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function startPeer(starting: ReturnType<typeof startVsftpd>): Promise<Target> {
  const peer = await starting;
  const { explicitPort, implicitPort = 0, home, caFile } = peer;
  return {
    explicitPort,
    implicitPort,
    ca: readFileSync(caFile, "utf8"),
    served: home,
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
}

function gatewayTo(target: Pick<Target, "ca"> | undefined, options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const authorities = target === undefined ? {} : { authorities: target.ca };
  return Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0", ...authorities, ...options });
}

async function listed(browser: BrowserHalf, { id }: LoginJson, path: string): Promise<readonly EntryJson[]> {
  const response = await browser.post(`/api/logins/${id}/list`, { path });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as ListingLine);
  assert.ok("end" in (lines.at(-1) ?? assert.fail()));
  return lines.flatMap((line) => ("entries" in line ? line.entries : []));
}

async function begun(
  browser: BrowserHalf,
  { id }: LoginJson,
  body: object,
): Promise<Extract<UploadJson, { kind: "ready" }>> {
  const response = await browser.post(`/api/logins/${id}/uploads`, body);
  const answer = (await response.json()) as UploadJson;
  assert.ok(answer.kind === "ready", JSON.stringify(answer));
  return answer;
}

for (const { name, skip, start } of targets) {
  suite(`The gateway against ${name}`, { skip }, () => {
    let running: Promise<{ target: Target; gateway: Gateway }> | undefined;
    const ground = () => (running ??= start().then(async (target) => ({ target, gateway: await gatewayTo(target) })));
    after(async () => {
      const started = await running;
      await started?.gateway[Symbol.asyncDispose]();
      await started?.target[Symbol.asyncDispose]();
    });

    for (const mode of ["explicit", "implicit"] as const) {
      test(`${mode}: signs in, lists, and tells how it is protected`, async () => {
        const { target, gateway } = await ground();
        const browser = new BrowserHalf(gateway.port);
        const port = mode === "explicit" ? target.explicitPort : target.implicitPort;
        const login = await browser.signIn({ address: `localhost:${port}`, security: mode });
        assert.equal(login.security, mode);
        assert.match(login.tls?.protocol ?? "", /^TLSv1\.[23]$/);
        assert.equal(login.tls?.trustedBy, "authorities");
        assert.ok((login.tls?.certificate.names ?? []).includes("localhost"));
        await mkdir(join(target.served, `in ${mode}`), { recursive: true });
        const entries = await listed(browser, login, login.path);
        assert.equal(entries.find((entry) => entry.name === `in ${mode}`)?.type, "directory");
        const [latest] = (await (await browser.send("GET", "/api/logins")).json()) as LoginJson[];
        assert.equal(latest?.tls?.dataResumed, true);
      });
    }

    test("carries a file up and down, whole and in part, renames, digests and removes it", async () => {
      const { target, gateway } = await ground();
      const browser = new BrowserHalf(gateway.port);
      const login = await browser.signIn({ address: `localhost:${target.explicitPort}`, security: "explicit" });
      const at = (file: string): string => `${login.path === "/" ? "" : login.path}/${file}`;
      const content = randomBytes(3_000_000);
      const facts = { path: at("up.bin"), sizeBytes: content.length, modifiedMs: Date.UTC(2020, 1, 3) };
      const upload = await begun(browser, login, facts);
      assert.equal(upload.offset, 0);
      const sent = await browser.send("PATCH", upload.url, { body: content, headers: { "Upload-Offset": "0" } });
      assert.deepEqual(await sent.json(), { offset: content.length, isWhole: true });
      assert.deepEqual(readFileSync(join(target.served, "up.bin")), content);
      assert.deepEqual(
        (await readdir(target.served)).filter((file) => file.includes("part")),
        [],
      );

      const taken = (await (await browser.post(`/api/logins/${login.id}/uploads`, facts)).json()) as UploadJson;
      assert.equal(taken.kind, "taken");

      const { url } = (await (
        await browser.post(`/api/logins/${login.id}/downloads`, { path: at("up.bin") })
      ).json()) as {
        url: string;
      };
      const part = await browser.send("GET", url, { headers: { Range: "bytes=1000000-1000009" } });
      assert.equal(part.status, 206);
      assert.equal(part.headers.get("Content-Range"), "bytes 1000000-1000009/3000000");
      assert.deepEqual(Buffer.from(await part.arrayBuffer()), content.subarray(1_000_000, 1_000_010));
      const tail = await browser.send("GET", url, { headers: { Range: "bytes=-5" } });
      assert.deepEqual(Buffer.from(await tail.arrayBuffer()), content.subarray(-5));
      assert.equal((await browser.send("GET", url, { headers: { Range: "bytes=3000000-" } })).status, 416);
      const other = await browser.send("GET", url, { headers: { Range: "bytes=5-", "If-Range": '"other"' } });
      assert.equal(other.status, 200);
      await other.body?.cancel();
      const whole = await browser.send("GET", url);
      assert.equal(whole.headers.get("Content-Length"), "3000000");
      assert.equal(whole.headers.get("Content-Type"), "application/octet-stream");
      assert.match(whole.headers.get("Content-Disposition") ?? "", /^attachment; filename="up\.bin"/);
      assert.match(whole.headers.get("Content-Security-Policy") ?? "", /^sandbox;/);
      assert.deepEqual(Buffer.from(await whole.arrayBuffer()), content);
      // An attachment's address is good for one download.
      await browser.refused(browser.send("GET", url), 404);

      const rename = { from: at("up.bin"), to: at("renamed.bin") };
      assert.equal((await browser.post(`/api/logins/${login.id}/rename`, rename)).status, 204);
      assert.equal((await browser.post(`/api/logins/${login.id}/directories`, { path: at("made") })).status, 204);
      assert.equal((await browser.post(`/api/logins/${login.id}/remove`, { path: at("renamed.bin") })).status, 204);
      const gone = { path: at("made"), recursive: true };
      assert.equal((await browser.post(`/api/logins/${login.id}/remove`, gone)).status, 204);
      assert.equal(existsSync(join(target.served, "renamed.bin")) || existsSync(join(target.served, "made")), false);
    });

    test("two that send the same part at a time do not write over each other: the second is told where to go on", async () => {
      const { target, gateway } = await ground();
      const address = { address: `localhost:${target.explicitPort}`, security: "explicit" } as const;
      const [one, other] = [new BrowserHalf(gateway.port), new BrowserHalf(gateway.port)];
      const login = await one.signIn(address);
      const path = `${login.path === "/" ? "" : login.path}/twice.bin`;
      const content = randomBytes(1_000_000);
      const facts = { path, sizeBytes: content.length, modifiedMs: 1_600_000_000_000, onConflict: "overwrite" };
      const first = await begun(one, login, facts);
      const second = await begun(other, await other.signIn(address), facts);
      const isMoving = one.eventsUntil(login, (event) => event.kind === "transfer" && event.bytes > 0);
      const rest = Promise.withResolvers<void>();
      const slow = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(content.subarray(0, 600_000)),
        pull: async (controller) => {
          await rest.promise;
          controller.close();
        },
      });
      const headers = { "Upload-Offset": "0" };
      const sent = one.send("PATCH", first.url, { body: slow, headers });
      await isMoving;
      const refused = other.refused(other.send("PATCH", second.url, { body: randomBytes(1_000_000), headers }), 409);
      rest.resolve();
      assert.deepEqual(await (await sent).json(), { offset: 600_000, isWhole: false });
      assert.equal((await refused).offset, 600_000);
      const onward = { "Upload-Offset": "600000" };
      const whole = await other.send("PATCH", second.url, { body: content.subarray(600_000), headers: onward });
      assert.deepEqual(await whole.json(), { offset: content.length, isWhole: true });
      assert.deepEqual(readFileSync(join(target.served, "twice.bin")), content);
    });

    test("an upload that broke off goes on through another gateway, from where the server is", async () => {
      const { target, gateway } = await ground();
      const first = new BrowserHalf(gateway.port);
      const address = { address: `localhost:${target.explicitPort}`, security: "explicit" } as const;
      const login = await first.signIn(address);
      const path = `${login.path === "/" ? "" : login.path}/resumed.bin`;
      const content = randomBytes(4_000_000);
      const facts = { path, sizeBytes: content.length, modifiedMs: 1_600_000_000_000, onConflict: "overwrite" };
      const upload = await begun(first, login, facts);
      const isMoving = first.eventsUntil(login, (event) => event.kind === "transfer" && event.bytes > 0);
      const broken = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(content.subarray(0, 2_000_000)),
        pull: async (controller) => {
          await isMoving;
          controller.error(new Error("the laptop was closed"));
        },
      });
      await assert.rejects(first.send("PATCH", upload.url, { body: broken, headers: { "Upload-Offset": "0" } }));
      assert.equal(existsSync(join(target.served, "resumed.bin")), false);

      await using second = await gatewayTo(target);
      const browser = new BrowserHalf(second.port);
      const again = await browser.signIn(address);
      await until(async () => (await begun(browser, again, facts)).offset > 0);
      const resumed = await begun(browser, again, facts);
      assert.ok(resumed.offset > 0 && resumed.offset <= 2_000_000, String(resumed.offset));
      const wrong = browser.send("PATCH", resumed.url, { body: content, headers: { "Upload-Offset": "0" } });
      assert.equal((await browser.refused(wrong, 409)).offset, resumed.offset);
      const headers = { "Upload-Offset": String(resumed.offset) };
      const rest = await browser.send("PATCH", resumed.url, { body: content.subarray(resumed.offset), headers });
      assert.deepEqual(await rest.json(), { offset: content.length, isWhole: true });
      assert.deepEqual(readFileSync(join(target.served, "resumed.bin")), content);
    });
  });
}

suite("The gateway", () => {
  let running: Promise<{ target: Target; gateway: Gateway }> | undefined;
  const ground = () =>
    (running ??= startOurs().then(async (target) => ({ target, gateway: await gatewayTo(undefined) })));
  after(async () => {
    const started = await running;
    await started?.gateway[Symbol.asyncDispose]();
    await started?.target[Symbol.asyncDispose]();
  });
  let pin: string | undefined;
  const trusted = async (browser: BrowserHalf, port: number): Promise<LoginJson> => {
    const address = { address: `localhost:${port}`, security: "explicit" } as const;
    // Attempts to log in are counted: one is enough to learn the key.
    pin ??= (await browser.refused(browser.post("/api/logins", { ...address, user: "alice" }), 409)).certificate?.pin;
    return browser.signIn({ ...address, pin });
  };

  test("a certificate that nobody vouches for is shown, and its key alone is accepted when it is sent back", async () => {
    const { target, gateway } = await ground();
    const browser = new BrowserHalf(gateway.port);
    const address = `localhost:${target.explicitPort}`;
    const problem = await browser.refused(
      browser.post("/api/logins", { address, user: "alice", password: "secret" }),
      409,
    );
    assert.equal(problem.code, "SALLYPORT_CERTIFICATE_UNTRUSTED");
    assert.match(problem.certificate?.fingerprint ?? "", /^[\da-f]{64}$/);
    assert.match(problem.certificate?.problems[0]?.text ?? "", /not trusted|unknown|self-signed/);
    const login = await browser.signIn({ address, pin: problem.certificate?.pin });
    assert.equal(login.tls?.trustedBy, "pin");
    const otherPin = `sha256/${Buffer.alloc(32, 7).toString("base64")}`;
    const other = browser.post("/api/logins", { address, user: "alice", password: "secret", pin: otherPin });
    assert.equal((await browser.refused(other, 409)).code, "SALLYPORT_PIN_MISMATCH");
  });

  test("the dialogue comes as it happens, with passwords masked", async () => {
    const { target, gateway } = await ground();
    const browser = new BrowserHalf(gateway.port);
    const login = await trusted(browser, target.explicitPort);
    const events = await browser.eventsUntil(
      login,
      (event) => event.kind === "transcript" && /^FEAT|^211/.test(event.text),
    );
    const text = JSON.stringify(events);
    assert.match(text, /PASS \*\*\*\*/);
    assert.doesNotMatch(text, /secret/);
  });

  test("a password is in no answer, cookie or address", async () => {
    const { target, gateway } = await ground();
    const browser = new BrowserHalf(gateway.port);
    const login = await trusted(browser, target.explicitPort);
    const answer = await (await browser.send("GET", "/api/logins")).text();
    const bytes = Buffer.from(browser.cookie.split("=")[1] ?? "", "base64url").toString("latin1");
    assert.doesNotMatch(`${answer} ${browser.cookie} ${bytes} ${JSON.stringify(login)}`, /secret/);
  });

  test("requests of other sites, other names and without our header are refused", async () => {
    const { target, gateway } = await ground();
    const browser = new BrowserHalf(gateway.port);
    const login = await trusted(browser, target.explicitPort);
    const path = `/api/logins/${login.id}/directories`;
    const body = { path: "/stolen" };
    const foreign = [
      { Origin: "https://evil.example" },
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { "Sec-Fetch-Site": "none" },
    ];
    for (const headers of foreign) {
      assert.equal(
        (await browser.refused(browser.send("POST", path, { body, headers }), 403)).code,
        "SALLYPORT_FOREIGN_REQUEST",
      );
    }
    const bare = await fetch(`${browser.origin}${path}`, {
      method: "POST",
      headers: { Cookie: browser.cookie, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.equal(bare.status, 403);
    const linked = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" };
    assert.equal((await browser.send("GET", "/", { headers: linked })).status, 200);
    await browser.refused(browser.send("GET", "/api/logins", { headers: linked }), 403);
    assert.equal(await statusUnder("rebound.example", browser.origin), 421);
    assert.equal(existsSync(join(target.served, "stolen")), false);
  });

  test("another browser's login and addresses are worth nothing", async () => {
    const { target, gateway } = await ground();
    const owner = new BrowserHalf(gateway.port);
    const login = await trusted(owner, target.explicitPort);
    writeFileSync(join(target.served, "mine.txt"), "mine");
    const asked = await owner.post(`/api/logins/${login.id}/downloads`, { path: "/mine.txt" });
    const { url } = (await asked.json()) as { url: string };
    const stranger = new BrowserHalf(gateway.port);
    await trusted(stranger, target.explicitPort);
    await stranger.refused(stranger.send("GET", url), 404);
    await stranger.refused(stranger.post(`/api/logins/${login.id}/list`, { path: "/" }), 401);
    stranger.cookie = "";
    await stranger.refused(stranger.send("GET", url), 401);
    assert.equal(await (await owner.send("GET", url)).text(), "mine");
  });

  test("signing out closes the connections and ends every address", async () => {
    const { target, gateway } = await ground();
    const browser = new BrowserHalf(gateway.port);
    const login = await trusted(browser, target.explicitPort);
    const { cookie } = browser;
    assert.equal((await browser.send("DELETE", `/api/logins/${login.id}`)).status, 204);
    browser.cookie = cookie;
    await browser.refused(browser.post(`/api/logins/${login.id}/list`, { path: "/" }), 401);
  });

  test("names that would be commands or headers are refused or made harmless", async () => {
    const { target, gateway } = await ground();
    const browser = new BrowserHalf(gateway.port);
    const login = await trusted(browser, target.explicitPort);
    for (const path of ["/a\r\nDELE b", "/a\nb", "/a\0b"]) {
      await browser.refused(browser.post(`/api/logins/${login.id}/stat`, { path }), 400);
    }
    for (const name of ["<img src=x onerror=alert(1)>.html", 'quote".svg', "grün;x=1.md", "percent%22.js"]) {
      writeFileSync(join(target.served, name), "<script>alert(1)</script>");
      const asked = await browser.post(`/api/logins/${login.id}/downloads`, { path: `/${name}`, shown: true });
      const { url } = (await asked.json()) as { url: string };
      const response = await browser.send("GET", url);
      assert.equal(response.headers.get("Content-Type"), "application/octet-stream", name);
      assert.match(
        response.headers.get("Content-Disposition") ?? "",
        /^attachment; filename="[^"%]*"; filename\*=UTF-8''[\w%.~!&$+^`|-]+$/,
      );
      await response.body?.cancel();
    }
  });

  test("an upload that the server refuses says why, and one that is too long is cut", async () => {
    const { target, gateway } = await ground();
    const browser = new BrowserHalf(gateway.port);
    const login = await trusted(browser, target.explicitPort);
    const content = randomBytes(500_000);
    const nowhere = { path: "/nowhere/at/all.bin", sizeBytes: content.length, modifiedMs: 1 };
    const { url } = await begun(browser, login, nowhere);
    const refused = browser.send("PATCH", url, { body: content, headers: { "Upload-Offset": "0" } });
    const { reply } = await browser.refused(refused, 404);
    assert.ok((reply?.code ?? 0) >= 500);
    const short = await begun(browser, login, { path: "/short.bin", sizeBytes: 1000, modifiedMs: 1 });
    await browser.refused(browser.send("PATCH", short.url, { body: content, headers: { "Upload-Offset": "0" } }), 413);
    assert.equal(existsSync(join(target.served, "short.bin")), false);
  });

  test("a wrong password is refused in the server's words, and only so often", async () => {
    const { target, gateway } = await ground();
    const browser = new BrowserHalf(gateway.port);
    const address = `localhost:${target.implicitPort}`;
    const { certificate } = await browser.refused(browser.post("/api/logins", { address, security: "implicit" }), 409);
    const wrong = { address, security: "implicit", user: "alice", password: "wrong", pin: certificate?.pin };
    const problem = await browser.refused(browser.post("/api/logins", wrong), 403);
    assert.equal(problem.code, "SALLYPORT_LOGIN_REFUSED");
    assert.equal(problem.reply?.code, 530);
  });

  test("what a person wishes of the connection is done, and what the gateway does not offer is refused", async () => {
    const { target, gateway } = await ground();
    const browser = new BrowserHalf(gateway.port);
    await trusted(browser, target.explicitPort);
    const request = { address: `localhost:${target.explicitPort}`, security: "explicit", pin } as const;
    const wishes: ConnectionWishes = {
      ...{ maxVersion: "TLSv1.2", resumption: "require", authFirst: "SSL", encoding: "utf-8", timeZone: "UTC" },
      ...{ connections: 1, patienceSeconds: 20, afterLogin: ["NOOP"], account: "" },
    };
    const vouched = { ...wishes, authority: target.ca };
    const login = await browser.signIn({ ...request, pin: undefined, wishes: vouched });
    assert.equal(login.tls?.trustedBy, "authorities");
    assert.equal(login.tls?.protocol, "TLSv1.2");
    await listed(browser, login, "/");
    const told = JSON.stringify(await browser.eventsUntil(login, (event) => JSON.stringify(event).includes("MLSD")));
    for (const command of ["AUTH SSL", "NOOP"]) assert.match(told, new RegExp(`"${command}`));
    const bad = [
      { afterLogin: ["NOOP\r\nDELE x"] },
      { proxy: "file:///etc/passwd" },
      { certificate: "x" },
      { authority: "-----BEGIN CERTIFICATE-----x-----END CERTIFICATE-----" },
      { connections: 99 },
    ];
    for (const each of bad) await browser.refused(browser.post("/api/logins", { ...request, wishes: each }), 400);
    await using strangers = await gatewayTo(undefined, { isBehindProxy: true });
    const stranger = new BrowserHalf(strangers.port);
    const asked = stranger.post("/api/logins", {
      address: "ftp.example.com",
      wishes: { proxy: "http://127.0.0.1:1080" },
    });
    assert.equal((await stranger.refused(asked, 403)).code, "SALLYPORT_WISH_REFUSED");
  });

  test("what another protocol says is handed to nobody", async () => {
    const { gateway } = await ground();
    const browser = new BrowserHalf(gateway.port);
    const banners = [
      "SSH-2.0-OpenSSH_9.9 inner-host\r\n",
      "HTTP/1.1 200 OK inner-host\r\n\r\n",
      "* OK inner-host IMAP\r\n",
    ];
    for (const banner of banners) {
      const other = createServer((socket) => socket.on("error", () => {}).end(banner)).listen(0, "127.0.0.1");
      await once(other, "listening");
      using _ = { [Symbol.dispose]: () => void other.close() };
      const { port } = other.address() as AddressInfo;
      const asked = browser.post("/api/logins", { address: `127.0.0.1:${port}`, security: "explicit", user: "alice" });
      const problem = await browser.refused(asked, 502);
      assert.doesNotMatch(JSON.stringify(problem), /inner-host|OpenSSH/);
    }
  });

  test("the interface describes itself", async () => {
    const { gateway } = await ground();
    const browser = new BrowserHalf(gateway.port);
    const document = (await (await browser.send("GET", "/api/openapi.json")).json()) as {
      paths: object;
      openapi: string;
    };
    assert.equal(document.openapi, "3.1.0");
    assert.ok(Object.keys(document.paths).length >= 12);
  });
});

test("a gateway for strangers leads to no server of its machine and tells nothing about it", async () => {
  await using target = await startOurs();
  await using gateway = await gatewayTo(target, { isBehindProxy: true });
  const browser = new BrowserHalf(gateway.port);
  const ask = async (address: string): Promise<{ code: string; elapsedMs: number }> => {
    const startedMs = performance.now();
    const response = browser.post("/api/logins", { address, user: "alice" });
    const { code } = await browser.refused(response, 502);
    return { code, elapsedMs: performance.now() - startedMs };
  };
  const found = await Promise.all([
    ask(`localhost:${target.explicitPort}`),
    ask("127.0.0.1:1"),
    ask(`[::ffff:127.0.0.1]:${target.explicitPort}`),
  ]);
  for (const { code, elapsedMs } of found) {
    assert.equal(code, "SALLYPORT_UNREACHABLE");
    assert.ok(elapsedMs >= 2_900, `${elapsedMs}`);
  }
});

async function until(holds: () => Promise<boolean>, timeoutMs = 5_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, "it did not come about in time");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The status of the page when it is asked for under another name. */
function statusUnder(host: string, origin: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(origin, { headers: { Host: host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject);
  });
}
