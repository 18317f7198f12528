import assert from "node:assert/strict";
import test from "node:test";
import { failureText } from "../src/failure.ts";

test("what an unexpected error quotes reaches no terminal as it is, in its sentence nor in its stack", () => {
  const name = "a\u202Egpj.exe\u200E\x1B]0;owned\x07";
  const cause = new Error(`EPERM: operation not permitted, open '${name}'`);
  const said = failureText(new Error(`cannot open ${name}`, { cause }), true);
  for (const acting of ["\u200E", "\u202E", "\x1B", "\x07"]) assert.ok(!said.includes(acting));
  assert.match(said, /caused by Error: EPERM/);
});
