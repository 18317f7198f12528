import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseRange, rangeHolds } from "../src/gateway/files/byte-range.ts";
import { fileHeaders } from "../src/gateway/files/file-headers.ts";

suite("What files are answered with", () => {
  test("ranges as RFC 9110 §14.2 has them", () => {
    const size = 1000;
    const rows: readonly (readonly [string, ReturnType<typeof parseRange>])[] = [
      ["bytes=0-0", { start: 0, end: 1 }],
      ["bytes=10-19", { start: 10, end: 20 }],
      ["bytes=990-", { start: 990, end: 1000 }],
      ["bytes=990-5000", { start: 990, end: 1000 }],
      ["bytes=-10", { start: 990, end: 1000 }],
      ["bytes=-5000", { start: 0, end: 1000 }],
      ["bytes=-0", "unsatisfiable"],
      ["bytes=1000-", "unsatisfiable"],
      ["bytes=5-4", undefined],
      ["bytes=0-1,5-6", undefined],
      ["bytes=-", undefined],
      ["lines=1-2", undefined],
      ["bytes=9999999999999999-", undefined],
    ];
    for (const [header, wanted] of rows) assert.deepEqual(parseRange(header, size), wanted, header);
    assert.equal(parseRange(undefined, size), undefined);
    assert.equal(rangeHolds('"a"', '"a"'), true);
    assert.equal(rangeHolds('"a"', '"b"'), false);
    assert.equal(rangeHolds('"a"', undefined), false);
  });

  test("no name gets out of its header, and nothing that can run is shown", () => {
    const names = [
      'a"; filename="evil.exe',
      "a\r\nSet-Cookie: x=1",
      "../../etc/passwd",
      "a\0b",
      "\u202Egpj.exe",
      "\udc80\udcff",
      "naïve café.txt",
      "'*()!.txt",
    ];
    for (const name of names) {
      const value = fileHeaders(name, false)["Content-Disposition"] ?? "";
      assert.match(value, /^attachment; filename="[ !#$&-[\]-~]*"; filename\*=UTF-8''[\w.~!%-]*$/, name);
      assert.doesNotMatch(decodeURIComponent(value), /[\r\n\0\\/\u202E]/);
    }
    const running = [
      "html",
      "htm",
      "svg",
      "xhtml",
      "xml",
      "js",
      "mjs",
      "css",
      "md",
      "swf",
      "HTML",
      "shtml",
      "mht",
      "hta",
    ];
    for (const extension of running) {
      const headers = fileHeaders(`x.${extension}`, true);
      assert.equal(headers["Content-Type"], "application/octet-stream", extension);
      assert.match(headers["Content-Disposition"] ?? "", /^attachment/);
    }
    const shown = fileHeaders("x.PNG", true);
    assert.equal(shown["Content-Type"], "image/png");
    assert.equal(shown["X-Content-Type-Options"], "nosniff");
    assert.match(shown["Content-Security-Policy"] ?? "", /^sandbox; default-src 'none'/);
    assert.equal(fileHeaders("constructor", true)["Content-Type"], "application/octet-stream");
  });
});
