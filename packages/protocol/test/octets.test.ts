import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bytesFromOctets,
  displayOctets,
  escapeControls,
  type Octets,
  octetsFromBytes,
  octetsFromText,
  textFromOctets,
} from "@sallyport/protocol";

test("every octet survives both ways, in pieces longer than one call can take", () => {
  const bytes = Uint8Array.from({ length: 20_000 }, (_, at) => (at * 7) % 256);
  const octets = octetsFromBytes(bytes);
  assert.deepEqual(bytesFromOctets(octets), bytes);
  assert.equal(octetsFromBytes(bytes, 8190, 8195), octets.slice(8190, 8195));
  assert.equal(octetsFromBytes(bytes, 100, 8292), octets.slice(100, 8292));
});

test("R-2640-03 text is UTF-8; what is no UTF-8 is told apart and not damaged", () => {
  assert.equal(octetsFromText("ä€"), "\xC3\xA4\xE2\x82\xAC");
  assert.equal(textFromOctets("\xC3\xA4\xE2\x82\xAC" as Octets), "ä€");
  assert.equal(textFromOctets("\xEF\xBB\xBFa" as Octets), "\uFEFFa");
  assert.equal(textFromOctets("\xE4" as Octets), undefined);
  assert.equal(textFromOctets("\x7F" as Octets), "\x7F");
  assert.equal(textFromOctets("\x80" as Octets), undefined);
});

test("R-2640-04 names are shown as UTF-8, or with %HH for each octet outside ASCII; controls never pass", () => {
  assert.equal(displayOctets("\xC3\xA4 \x1B[1m" as Octets), "ä \\x1B[1m");
  assert.equal(displayOctets("\xE4\x80\xFFa\x7F\x07" as Octets), "%E4%80%FFa\\x7F\\x07");
});

test("controls that steer a terminal or turn text around are escaped, and nothing else", () => {
  assert.equal(escapeControls("\0\x1F\x7F\x80\x9F"), "\\x00\\x1F\\x7F\\x80\\x9F");
  assert.equal(
    escapeControls("\u061C\u200E\u200F\u2028\u2029\u202A\u202E\u2066\u2069"),
    "\\u061c\\u200e\\u200f\\u2028\\u2029\\u202a\\u202e\\u2066\\u2069",
  );
  for (const kept of [" ", "~", "\xA0", "ÿ", "Ā", "\u2027", "\u202F", "\u2065", "\u206A"]) {
    assert.equal(escapeControls(kept), kept);
  }
});
