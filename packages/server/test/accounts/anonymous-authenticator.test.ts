import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AnonymousAuthenticator,
  type Authenticator,
  firstOf,
  isPermitted,
  type LoginFacts,
  type LoginVerdict,
} from "@sallyport/server/accounts";
import { rootPath, type VirtualPath } from "@sallyport/protocol";

const facts: LoginFacts = { remoteAddress: "192.0.2.1", tls: false };

test("R-1635-01 anonymous and ftp log in with any password, read-only", async () => {
  const authenticator: Authenticator = new AnonymousAuthenticator();
  for (const user of ["anonymous", "ftp", "Anonymous", "FTP"]) {
    assert.equal(authenticator.isAnonymous?.(user), true, user);
    for (const password of ["", "me@example.org", "-", "x".repeat(5000)]) {
      const verdict = await authenticator.authenticate(user, password, facts);
      assert.ok(verdict.kind === "accepted");
      const { account } = verdict;
      assert.deepEqual(
        [account.name, account.anonymous, account.readOnly, account.home],
        ["anonymous", true, true, "/"],
      );
      assert.equal(isPermitted(account, rootPath, "read"), true);
      assert.equal(isPermitted(account, rootPath, "create"), false);
    }
  }
  for (const user of ["", "anonymou", "anonymous ", "ftpuser", "root"]) {
    assert.equal(authenticator.isAnonymous?.(user), false, user);
    assert.deepEqual(await authenticator.authenticate(user, "", facts), { kind: "refused" });
  }
});

test("S-26 a drop-box is what the operator makes it, but the name stays", async () => {
  const permissions = [{ path: "/in" as VirtualPath, allow: new Set(["create"] as const) }];
  const authenticator: Authenticator = new AnonymousAuthenticator({ readOnly: false, permissions, quotaBytes: 1000 });
  const verdict = await authenticator.authenticate("ftp", "", facts);
  assert.ok(verdict.kind === "accepted");
  assert.equal(verdict.account.name, "anonymous");
  assert.equal(verdict.account.quotaBytes, 1000);
  assert.equal(isPermitted(verdict.account, "/in/x" as VirtualPath, "create"), true);
  assert.equal(isPermitted(verdict.account, "/in/x" as VirtualPath, "read"), false);
});

test("firstOf takes the first that accepts and asks no further", async () => {
  const asked: string[] = [];
  const one = answering("one", { kind: "refused" }, asked);
  const two = new AnonymousAuthenticator();
  const three = answering("three", { kind: "refused" }, asked);
  const chain = firstOf([one, two, three]);
  assert.equal(chain.isAnonymous?.("ftp"), true);
  assert.equal(chain.isAnonymous?.("alice"), false);
  assert.equal((await chain.authenticate("ftp", "x", facts)).kind, "accepted");
  assert.deepEqual(asked, ["one"]);
  assert.equal((await chain.authenticate("alice", "x", facts)).kind, "refused");
  assert.equal((await firstOf([]).authenticate("ftp", "x", facts)).kind, "refused");
});

test("firstOf shows that a backend is down or throttles, unless another accepts (R-1123-04)", async () => {
  const down = answering("down", { kind: "unavailable", reason: "no connection" }, []);
  const slow = answering("slow", { kind: "throttled", reason: "too many" }, []);
  const refusing = answering("refusing", { kind: "refused" }, []);
  assert.equal((await firstOf([refusing, down, slow]).authenticate("a", "b", facts)).kind, "unavailable");
  assert.equal((await firstOf([slow, refusing, down]).authenticate("a", "b", facts)).kind, "throttled");
  const closed = answering("closed", { kind: "refused", reason: "the account is disabled" }, []);
  const told = await firstOf([closed, refusing]).authenticate("a", "b", facts);
  assert.deepEqual(told, { kind: "refused", reason: "the account is disabled" });
  assert.equal((await firstOf([closed, down]).authenticate("a", "b", facts)).kind, "unavailable");
  assert.equal((await firstOf([down, new AnonymousAuthenticator()]).authenticate("ftp", "b", facts)).kind, "accepted");
});

test("firstOf identifies by the first that knows, and passes over those that cannot", async () => {
  const verdict = await new AnonymousAuthenticator().authenticate("ftp");
  assert.ok(verdict.kind === "accepted");
  const { account } = verdict;
  const knowing: Authenticator = { ...answering("x", { kind: "refused" }, []), identify: async () => account };
  const unknowing: Authenticator = { ...answering("y", { kind: "refused" }, []), identify: async () => undefined };
  assert.equal(await firstOf([new AnonymousAuthenticator(), unknowing, knowing]).identify?.("a", facts), account);
  assert.equal(await firstOf([new AnonymousAuthenticator(), unknowing]).identify?.("a", facts), undefined);
});

function answering(name: string, verdict: LoginVerdict, asked: string[]): Authenticator {
  return {
    authenticate: async () => {
      asked.push(name);
      return verdict;
    },
  };
}
