import assert from "node:assert/strict";
import { test } from "node:test";
import { type Octets, rootPath, type VirtualPath } from "@sallyport/protocol";
import { notificationOf } from "../../src/events/notification.ts";
import { uploadEvent } from "./published.ts";

const place = { server: "here.example", root: "/srv/ftp" };
const whose = { atMs: Date.UTC(2026, 0, 2), connection: 7, remoteAddress: "192.0.2.7", remotePort: 40_000 };

test("a whole upload is published, with everything that its receiver needs", () => {
  const event = uploadEvent("/in/ü a.csv", {
    dataTls: { protocol: "TLSv1.3", suite: "TLS_AES_128_GCM_SHA256", resumed: true },
    controlTls: {
      protocol: "TLSv1.3",
      suite: "TLS_AES_256_GCM_SHA384",
      group: "x25519",
      serverName: "ftp.example",
      alpn: undefined,
      resumed: false,
      clientCertificate: {
        fingerprint: "cafe",
        subject: "CN=alice\nO=Example",
        alternativeNames: [],
        validUntil: new Date(0),
        problem: undefined,
      },
    },
  });
  const notification = notificationOf(event, place);
  assert.equal(notification?.kind, "published");
  assert.equal(notification.lane, "alice");
  assert.equal(notification.awaitsDigest, false);
  assert.deepEqual(notification.document, {
    id: event.published?.id,
    event: "published",
    time: new Date(event.atMs).toISOString(),
    server: "here.example",
    account: "alice",
    remoteAddress: "192.0.2.7",
    connection: 7,
    path: "/in/ü a.csv",
    pathEncoded: "/in/%C3%BC%20a.csv",
    file: "/srv/ftp/home/alice/in/ü a.csv",
    fileEncoded: "/srv/ftp/home/alice/in/%C3%BC%20a.csv",
    complete: true,
    verb: "STOR",
    transferredBytes: 3,
    sizeBytes: 3,
    replaced: false,
    sha256: "ab".repeat(32),
    startedAt: new Date(event.startedAtMs).toISOString(),
    endedAt: new Date(event.startedAtMs + 5).toISOString(),
    type: "I",
    protectionLevel: "P",
    anonymous: false,
    data: { protocol: "TLSv1.3", suite: "TLS_AES_128_GCM_SHA256", resumed: true },
    control: {
      protocol: "TLSv1.3",
      suite: "TLS_AES_256_GCM_SHA384",
      group: "x25519",
      resumed: false,
      serverName: "ftp.example",
      clientCertificate: { subject: "CN=alice, O=Example", fingerprint: "cafe", verified: true },
    },
  });
});

test("who came by Kerberos is named, and nobody else is", () => {
  const login = { ...whose, kind: "login", account: "alice", user: "alice" } as const;
  const controlSecurity = { mechanism: "GSSAPI", principal: "alice@EXAMPLE.ORG", isPrivate: true };
  const byTicket = notificationOf({ ...login, method: "kerberos", controlSecurity }, place)?.document;
  assert.deepEqual([byTicket?.["principal"], byTicket?.["control"]], ["alice@EXAMPLE.ORG", null]);
  const byPassword = notificationOf({ ...login, method: "password" }, place)?.document;
  assert.ok(byPassword && !("principal" in byPassword));
});

test("an upload that is not whole is never published", () => {
  const { published: _, ...event } = uploadEvent("/torn", { complete: false, cause: "cut" });
  const notification = notificationOf(event, place);
  assert.equal(notification?.kind, "upload-failed");
  assert.equal(notification.document["complete"], false);
  assert.equal(notification.document["cause"], "cut");
  assert.equal("sha256" in notification.document, false);
});

test("downloads have kinds of their own, and listings none", () => {
  assert.equal(notificationOf(uploadEvent("/a", { direction: "download" }), place)?.kind, "downloaded");
  const cut = uploadEvent("/a", { direction: "download", complete: false });
  assert.equal(notificationOf(cut, place)?.kind, "download-failed");
  assert.equal(notificationOf(uploadEvent("/a", { direction: "listing" }), place), undefined);
});

test("a name that is not UTF-8 is null as text and exact percent-encoded", () => {
  const path = "/caf\xE9\n'$(x)" as Octets as VirtualPath;
  const event = { ...whose, kind: "changed", change: "deleted", account: "alice", home: rootPath, path } as const;
  const document = notificationOf(event, place)?.document;
  assert.equal(document?.["path"], null);
  assert.equal(document?.["pathEncoded"], "/caf%E9%0A%27%24%28x%29");
  assert.equal(document?.["fileEncoded"], "/srv/ftp/caf%E9%0A%27%24%28x%29");
});

test("a renaming has both names, a login who and how, a failed one why", () => {
  const renamed = {
    ...whose,
    kind: "changed",
    change: "renamed",
    account: "alice",
    path: "/a" as Octets as VirtualPath,
    newPath: "/b" as Octets as VirtualPath,
  } as const;
  const told = notificationOf(renamed, place);
  assert.equal(told?.kind, "renamed");
  assert.equal(told.document["newPath"], "/b");
  assert.equal(told.document["newFile"], "/srv/ftp/b");
  const login = notificationOf({ ...whose, kind: "login", account: "alice", user: "Alice", method: "password" }, place);
  assert.equal(login?.document["method"], "password");
  assert.equal(login.document["control"], null);
  const failed = notificationOf({ ...whose, kind: "login-failed", user: "eve", cause: "wrong" }, place);
  assert.equal(failed?.document["account"], null);
  assert.equal(failed.lane, "192.0.2.7");
});

test("ids are ordered in time", async () => {
  const first = notificationOf({ ...whose, kind: "login-failed", user: "eve", cause: "wrong" }, place);
  await new Promise((resolve) => setTimeout(resolve, 3));
  const second = notificationOf({ ...whose, kind: "login-failed", user: "eve", cause: "wrong" }, place);
  assert.ok((first?.id ?? "z") < (second?.id ?? ""));
});
