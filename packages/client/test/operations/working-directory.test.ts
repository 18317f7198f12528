import assert from "node:assert/strict";
import test from "node:test";
import { parseQuotedPath } from "../../src/operations/working-directory.ts";

/** Replies as servers send them, and what curl's tests 1152, 1153, 1217 and 3217 ask of a client. */
const rows = [
  { text: '"/home/alice" is the current directory', path: "/home/alice" },
  { text: '"/with ""quotes"" in it"', path: '/with "quotes" in it' },
  { text: 'Current directory is "/a b"', path: "/a b" },
  { text: '"/unclosed', path: "/unclosed" },
  { text: "/bare is current", path: "/bare" },
  { text: '"/with\rcontrol"', path: undefined },
  { text: '""', path: undefined },
  { text: "", path: undefined },
];

for (const { text, path } of rows) {
  test(`the path of ${JSON.stringify(text)}`, () => assert.equal(parseQuotedPath(text), path));
}
