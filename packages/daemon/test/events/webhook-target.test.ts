import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHmac, timingSafeEqual } from "node:crypto";
import { chmodSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { limitValues, type LimitValues } from "@sallyport/protocol";
import { nodeArguments } from "@sallyport/testing";
import { readWebhookSecret } from "../../src/events/webhook-secret.ts";
import { WebhookTarget, webhookUrl } from "../../src/events/webhook-target.ts";
import { scratchDirectory, startReceiver, type Receiver } from "./ground.ts";

const scratch = scratchDirectory();
const never = new AbortController().signal;
const given = { id: "an-id", body: '{"id":"an-id","path":"/ü"}' };

function targetFor(
  { url, identity }: Pick<Receiver, "url" | "identity">,
  changes: { secretFile?: string; authoritiesFile?: string; limits?: Partial<LimitValues> } = {},
): WebhookTarget {
  return new WebhookTarget(new URL(url), {
    secretFile: changes.secretFile,
    authoritiesFile: "authoritiesFile" in changes ? changes.authoritiesFile : identity.caFile,
    agent: "Sallyport/0.0.0",
    limits: limitValues(changes.limits),
  });
}

function secretFile(name: string, content: string, mode = 0o600): string {
  const path = join(scratch, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

test("a webhook gets the document as JSON, named, dated and signed", async () => {
  await using receiver = await startReceiver();
  const secret = "0123456789abcdef0123456789abcdef";
  await using target = targetFor(receiver, { secretFile: secretFile("secret", `${secret}\n`) });
  assert.deepEqual(await target.deliver(given, never), { kind: "delivered" });
  const [received] = receiver.received;
  assert.equal(received?.body, given.body);
  const { headers } = received;
  assert.equal(headers["content-type"], "application/json");
  assert.equal(headers["user-agent"], "Sallyport/0.0.0");
  assert.equal(headers["webhook-id"], "an-id");
  const timestamp = Number(headers["webhook-timestamp"]);
  assert.ok(Math.abs(timestamp - Date.now() / 1000) < 10);
  const signed = createHmac("sha256", secret).update(`an-id.${timestamp}.${received.body}`).digest();
  const [version, signature = ""] = String(headers["webhook-signature"]).split(",");
  assert.equal(version, "v1");
  assert.ok(timingSafeEqual(Buffer.from(signature, "base64"), signed));
});

test("a secret that was changed signs after it is read anew; one that cannot be read leaves the old", async () => {
  await using receiver = await startReceiver();
  const path = secretFile("rotated", "first first first first");
  await using target = targetFor(receiver, { secretFile: path });
  const signatureBy = (secret: string) => {
    const { headers, body } = receiver.received.at(-1) ?? assert.fail("nothing was received");
    const mac = createHmac("sha256", secret).update(`an-id.${String(headers["webhook-timestamp"])}.${body}`);
    return [headers["webhook-signature"], `v1,${mac.digest("base64")}`];
  };
  await target.deliver(given, never);
  assert.equal(...(signatureBy("first first first first") as [string, string]));
  writeFileSync(path, "second second second");
  target.reread()();
  await target.deliver(given, never);
  assert.equal(...(signatureBy("second second second") as [string, string]));
  writeFileSync(path, "short");
  assert.throws(() => target.reread(), /shorter than 16 octets/);
  await target.deliver(given, never);
  assert.equal(...(signatureBy("second second second") as [string, string]));
});

test("a secret is private, long enough, and base64 behind whsec_", () => {
  const octets = Buffer.from("\0a secret of octets\xFF", "latin1");
  const encoded = secretFile("encoded", `whsec_${octets.toString("base64")}\r\n`);
  assert.deepEqual(Buffer.from(readWebhookSecret(encoded)), octets);
  assert.throws(() => readWebhookSecret(secretFile("open", "x".repeat(32), 0o640)), {
    code: "SALLYPORT_NOTIFY_SECRET",
    message: /can be read by other users/,
  });
  assert.throws(() => readWebhookSecret(join(scratch, "missing")), /ENOENT/);
});

test("a certificate that is not vouched for, or of another name, is refused", async () => {
  await using receiver = await startReceiver();
  await using strict = targetFor(receiver, { authoritiesFile: undefined as never });
  const delivery = await strict.deliver(given, never);
  assert.deepEqual(delivery, {
    kind: "failed",
    scope: "target",
    cause: "the connection failed (SELF_SIGNED_CERT_IN_CHAIN)",
  });
  await using other = await startReceiver({ names: ["elsewhere.example"] });
  await using misled = targetFor(other);
  assert.deepEqual(await misled.deliver(given, never), {
    kind: "failed",
    scope: "target",
    cause: "the connection failed (ERR_TLS_CERT_ALTNAME_INVALID)",
  });
  assert.equal(receiver.received.length + other.received.length, 0);
});

test("a proxy that the environment names is not used", async () => {
  await using receiver = await startReceiver({ plain: true });
  const proxy = "http://127.0.0.1:9/";
  const env = {
    ...process.env,
    NODE_USE_ENV_PROXY: "1",
    HTTP_PROXY: proxy,
    http_proxy: proxy,
    NO_PROXY: "",
    no_proxy: "",
  };
  const program = fileURLToPath(new URL("webhook-once.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [...nodeArguments, program, receiver.url], { env });
  assert.deepEqual(JSON.parse(stdout), { kind: "delivered" });
  assert.equal(receiver.received.length, 1);
});

test("redirects are not followed, 410 is final, 503 and 429 say when, others fail alone", async () => {
  await using receiver = await startReceiver();
  await using target = targetFor(receiver);
  receiver.answers.push(
    { status: 302, headers: { location: "https://elsewhere.example/" } },
    { status: 410 },
    { status: 503, headers: { "retry-after": "120" } },
    { status: 429, headers: { "retry-after": new Date(Date.now() + 60_000).toUTCString() } },
    { status: 503, headers: { "retry-after": "999999999" } },
    { status: 404 },
  );
  const deliver = () => target.deliver(given, never);
  assert.deepEqual(await deliver(), { kind: "failed", scope: "event", cause: "it answered 302" });
  assert.deepEqual(await deliver(), { kind: "refused", cause: "it answered 410" });
  const busy = { kind: "failed", scope: "target", cause: "it answered 503" };
  assert.deepEqual(await deliver(), { ...busy, retryAfterMs: 120_000 });
  const later = await deliver();
  assert.ok(later.kind === "failed" && (later.retryAfterMs ?? 0) > 50_000 && (later.retryAfterMs ?? 0) <= 60_000);
  assert.deepEqual(await deliver(), { ...busy, retryAfterMs: 3_600_000 });
  assert.deepEqual(await deliver(), { kind: "failed", scope: "event", cause: "it answered 404" });
});

test("a receiver that hangs, answers without end or is not there costs a bounded time", async () => {
  const silent = await listening(() => undefined);
  const endless = await listening((socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n");
    const timer = setInterval(() => socket.write("x".repeat(10_000)), 5);
    socket.on("close", () => clearInterval(timer));
  });
  const limits = { notifyWebhookMs: 300, notifyAnswerBytes: 20_000 };
  const plain = (port: number) => targetFor({ url: `http://127.0.0.1:${port}/`, identity: noIdentity }, { limits });
  try {
    await using slow = plain(silent.port);
    const cause = "it did not answer in time";
    assert.deepEqual(await slow.deliver(given, never), { kind: "failed", scope: "target", cause });
    await using long = plain(endless.port);
    assert.deepEqual(await long.deliver(given, never), { kind: "delivered" });
  } finally {
    silent.close();
    endless.close();
  }
  await using gone = plain(silent.port);
  const refused = "the connection failed (ECONNREFUSED)";
  assert.deepEqual(await gone.deliver(given, never), { kind: "failed", scope: "target", cause: refused });
});

test("http goes to this machine alone unless it is allowed", () => {
  for (const url of ["https://hook.example/x", "http://127.0.0.1:8080/", "http://[::1]/", "http://localhost/"]) {
    assert.equal(webhookUrl(url, {}).href, url);
  }
  for (const url of ["http://hook.example/", "http://127.0.0.1.example/", "http://10.0.0.1/"]) {
    assert.throws(() => webhookUrl(url, {}), { code: "SALLYPORT_NOTIFY_URL", message: /in the clear/ });
    assert.equal(webhookUrl(url, { plainHttp: true }).href, url);
  }
  for (const url of ["ftp://hook.example/", "hook.example", "", "file:///etc/passwd"]) {
    assert.throws(() => webhookUrl(url, { plainHttp: true }), { code: "SALLYPORT_NOTIFY_URL" });
  }
});

const noIdentity = { caFile: undefined } as never;

async function listening(onSocket: (socket: Socket) => void): Promise<{ port: number; close: () => void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.resume();
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, close };
}
