import assert from "node:assert/strict";
import test from "node:test";
import { readFiles } from "./source-files.ts";
import { wordViolations } from "./words.ts";

const ours = ["packages/*/{src,test}/**/*.{ts,tsx}", "scripts/**/*.{ts,mjs}", "test/**/*.ts", "bench/**/*.ts"];

test("names follow the glossary and nothing is left over", () => {
  const files = readFiles(...ours).filter(({ path }) => path !== "test/tidy/words.test.ts");
  assert.deepEqual(wordViolations(files), []);
});

test("the word check finds what it is there for", () => {
  const planted = [
    ["packages/server/src/a.ts", "const ftpSession = 1;"],
    ["packages/server/src/b.ts", "function close(dataSocket: Socket) {}"],
    ["packages/server/src/utils.ts", ""],
    ["packages/client/src/c.ts", "interface FtpResponse {}"],
    ["packages/client/src/d.ts", "// TODO later"],
  ].map(([path = "", text = ""]) => ({ path, text }));
  const clean = [
    ["packages/transport/src/session-id-cache.ts", "interface ClientHello { sessionIdLength: number }"],
    ["packages/transport/src/e.ts", "tls.connect({ socket, session: ticket }); // one session each"],
    ["packages/web/src/f.ts", "const response = await fetch(address);"],
  ].map(([path = "", text = ""]) => ({ path, text }));
  assert.deepEqual(
    wordViolations([...planted, ...clean]).map((sentence) => sentence.split(":", 1)[0]),
    planted.map(({ path }) => path),
  );
});
