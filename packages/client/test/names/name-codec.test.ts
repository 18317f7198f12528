import assert from "node:assert/strict";
import test from "node:test";
import { type Octets, octetsFromText } from "@sallyport/protocol";
import fc from "fast-check";
import { chooseCharset, nameCodec, octetsToSend, utf8Names } from "../../src/names/name-codec.ts";

const anyOctets = fc
  .array(fc.integer({ min: 0, max: 255 }), { maxLength: 40 })
  .map((values) => String.fromCharCode(...values) as Octets);
const lacking = { code: "SALLYPORT_NAME_UNENCODABLE" };
const octets = (text: string): Octets => text as Octets;

test("R-2640-03 every octet string survives decoding and encoding as UTF-8", () => {
  fc.assert(
    fc.property(anyOctets, (name) => {
      assert.equal(utf8Names.octetsOf(utf8Names.textOf(name)), name);
    }),
    { numRuns: 700 },
  );
});

test("R-2640-03 octets that are not UTF-8 become surrogates, the rest stays text", () => {
  const cases: ReadonlyArray<readonly [string, string]> = [
    ["plain", "plain"],
    ["\xC3\xA9", "é"],
    ["caf\xE9", "caf\uDCE9"],
    ["\xC3", "\uDCC3"],
    ["\xC0\xAF", "\uDCC0\uDCAF"], // overlong
    ["\xED\xA0\x80", "\uDCED\uDCA0\uDC80"], // a surrogate
    ["\xF5\x80\x80\x80", "\uDCF5\uDC80\uDC80\uDC80"],
    ["\xF4\x90\x80\x80", "\uDCF4\uDC90\uDC80\uDC80"],
    ["\xF0\x9F\x9A\xAA\xFF", "🚪\uDCFF"],
    ["\xE2\x82x\xE2\x82\xAC", "\uDCE2\uDC82x€"],
    ["\xEF\xBB\xBFa\xFF", "\uFEFFa\uDCFF"],
    ["\xFF\xF0\x9F\x92\x80", "\uDCFF💀"], // whose second half looks like an escape
  ];
  for (const [wire, name] of cases) {
    assert.equal(utf8Names.textOf(octets(wire)), name);
    assert.equal(utf8Names.octetsOf(name), wire);
  }
});

test("R-2640-03 a surrogate that stands for no octet cannot be encoded", () => {
  for (const name of ["\uD800", "a\uDC00", "\uDC7F", "\uDD00", "\uDFFF"])
    assert.throws(() => utf8Names.octetsOf(name), lacking);
});

const charsets = ["latin1", "windows-1252", "iso-8859-2", "koi8-r", "cp437", "shift_jis", "euc-jp", "gbk", "gb18030"];

test("every octet string survives decoding and encoding in legacy charsets", () => {
  for (const charset of [...charsets, "big5", "euc-kr", "ascii"]) {
    const codec = nameCodec(charset);
    fc.assert(
      fc.property(anyOctets, (name) => {
        assert.equal(codec.octetsOf(codec.textOf(name)), name, charset);
      }),
      { numRuns: 300 },
    );
  }
});

test("legacy charsets read what they are for and escape what they lack", () => {
  const cases: ReadonlyArray<readonly [charset: string, wire: string, name: string]> = [
    ["latin1", "caf\xE9", "café"],
    ["windows-1252", "\x80\x93x\x94", "€“x”"],
    ["shift_jis", "\x93\xFA\x96\x7B.txt", "日本.txt"],
    ["koi8-r", "\xD0\xD2\xC9\xD7\xC5\xD4", "привет"],
    ["gb18030", "\xC4\xE3", "你"],
    ["shift_jis", "\x93\xFA\xFF\x96\x7B", "日\uDCFF本"],
    ["ascii", "a\xE9", "a\uDCE9"],
  ];
  for (const [charset, wire, name] of cases) {
    const codec = nameCodec(charset);
    assert.equal(codec.textOf(octets(wire)), name, charset);
    assert.equal(codec.octetsOf(name), wire, charset);
  }
  assert.throws(() => nameCodec("latin1").octetsOf("日"), lacking);
  assert.throws(() => nameCodec("latin1").octetsOf("\uD83D"), lacking);
});

test("charsets in which a slash is not a slash are refused, unknown ones too", () => {
  for (const charset of ["utf-16", "utf-16le", "utf-32", "ibm037", "base64", "no-such-charset"]) {
    assert.throws(() => nameCodec(charset), { code: "SALLYPORT_ENCODING_UNKNOWN" }, charset);
  }
  assert.equal(nameCodec("UTF-8"), utf8Names);
});

test("R-2640-02 auto takes UTF-8 where it is announced or all names are valid, else the fallback", () => {
  const choose = (utf8Announced: boolean, names: readonly string[], fallback?: string): string => {
    const choice = chooseCharset({ utf8Announced, names: names.map(octets), ...(fallback && { fallback }) });
    return `${choice.encoding} ${choice.because}`;
  };
  assert.equal(choose(true, ["caf\xE9"], "latin1"), "utf-8 announced");
  assert.equal(choose(false, ["a", "b"], "latin1"), "utf-8 ascii-only");
  assert.equal(choose(false, ["a", "\xC3\xA9"], "latin1"), "utf-8 valid-utf8");
  assert.equal(choose(false, ["\xC3\xA9", "caf\xE9"], "latin1"), "latin1 not-utf8");
  assert.equal(choose(false, ["caf\xE9"]), "utf-8 not-utf8");
});

test("S-09 a path with CR, LF or NUL is refused before it is sent", () => {
  for (const evil of ["a\r\nDELE b", "a\n", "a\r", "a\0b"]) {
    assert.throws(() => octetsToSend(evil, utf8Names), { code: "SALLYPORT_FORBIDDEN_CHARACTER" });
  }
  const latin1 = nameCodec("latin1");
  assert.throws(() => octetsToSend("日", latin1), { code: "SALLYPORT_NAME_UNENCODABLE" });
  assert.equal(octetsToSend("ü", utf8Names), octetsFromText("ü"));
});
