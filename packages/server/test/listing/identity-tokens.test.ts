import assert from "node:assert/strict";
import { test } from "node:test";
import { identityTokens } from "../../src/listing/identity-tokens.ts";

const identities = Array.from({ length: 2000 }, (_, at) => (at % 2 === 0 ? `26:${at}` : `overlay:/a/long/path/${at}`));

test("R-3659-14 a token stands for an identity under one key, alone or among others", () => {
  const tokens = identityTokens("key", identities);
  assert.equal(new Set(tokens).size, identities.length);
  for (const at of [0, 1, 1234, 1999]) {
    const identity = identities[at];
    assert.ok(identity !== undefined);
    assert.deepEqual(identityTokens("key", [identity]), [tokens[at]]);
    assert.notDeepEqual(identityTokens("another key", [identity]), [tokens[at]]);
  }
  assert.deepEqual(identityTokens("key", []), []);
});

test("R-3659-14 a token is 16 characters that a fact may hold, and neither device nor inode", () => {
  for (const token of identityTokens("key", identities)) assert.match(token, /^[\w.-]{16}$/);
  const [one, other] = identityTokens("key", ["2049:1000001", "2049:1000002"]);
  assert.notEqual(one?.slice(0, 4), other?.slice(0, 4));
});
