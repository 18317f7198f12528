import assert from "node:assert/strict";
import { homedir } from "node:os";
import { test } from "node:test";
import { localPath, namesContent, remotePath, remotePattern } from "../../src/shell/places.ts";
import { quotedCharacter } from "../../src/shell/words.ts";

const ground = { directory: "/srv/alice/www", home: "/srv/alice" };

test("words name places from where one is", () => {
  for (const [word, path] of [
    [".", "/srv/alice/www"],
    ["", "/srv/alice/www"],
    ["a/./b//c/", "/srv/alice/www/a/b/c"],
    ["../x", "/srv/alice/x"],
    ["../../../../..", "/"],
    ["/etc/../x", "/x"],
    ["~", "/srv/alice"],
    ["~/x", "/srv/alice/x"],
    ["~x", "/srv/alice/www/~x"],
    [`${quotedCharacter("~")}/x`, "/srv/alice/www/~/x"],
  ] as const)
    assert.equal(remotePath(word, ground), path, word);
});

test("where the server does not tell where the login began, paths stay relative to it", () => {
  const nowhere = { directory: "", home: "" };
  assert.equal(remotePath("a/../b", nowhere), "b");
  assert.equal(remotePath("../x", nowhere), "../x");
  assert.equal(remotePath("../..", { directory: "a", home: "" }), "..");
  assert.equal(remotePath("/x", nowhere), "/x");
});

test("what is a directory's name is no pattern, whatever is in it", () => {
  const [star] = [quotedCharacter("*")];
  assert.equal(remotePattern(`*${star}`, { directory: "/a[1]", home: "/" }), "/a[[]1]/*[*]");
});

test("local words are paths of the local directory", () => {
  assert.equal(localPath("a/../b", "/tmp"), "/tmp/b");
  assert.equal(localPath("sub/", "/tmp"), "/tmp/sub/");
  assert.equal(localPath(".", "/tmp"), "/tmp/");
  assert.equal(localPath("~/x", "/tmp"), `${homedir()}/x`);
  assert.ok(namesContent("a/..") && namesContent("") && !namesContent("a.") && !namesContent("..."));
});
