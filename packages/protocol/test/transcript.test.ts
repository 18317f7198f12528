import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  maskCommandLine,
  maskReplyLine,
  octetsFromBytes,
  octetsFromText,
  type Octets,
  transcriptCommand,
  transcriptReply,
} from "@sallyport/protocol";

const octets = (text: string): Octets => octetsFromText(text);
const command = (text: string) => transcriptCommand(0, octets(text)).text;

test("R-1123-11 secrets are masked, verbs stay as they were typed", () => {
  const cases: Record<string, string> = {
    "PASS secret": "PASS ****",
    "pAsS  two words ": "pAsS ****",
    "PASS\tsecret": "PASS ****",
    "  PASS secret": "  PASS ****",
    "PASS:secret": "PASS ****",
    PASS1secret: "PASS ****",
    "ACCT x": "ACCT ****",
    "ADAT YWJj": "ADAT ****",
    "MIC YWJj": "MIC ****",
    "CONF YWJj": "CONF ****",
    "enc YWJj": "enc ****",
    "SITE PSWD old new": "SITE PSWD ****",
    PASS: "PASS",
    PASV: "PASV",
    "PASSIVE x": "PASSIVE x",
    "USER alice": "USER alice",
    "RETR PASS x": "RETR PASS x",
    "AUTH TLS": "AUTH TLS",
    "": "",
  };
  for (const [line, expected] of Object.entries(cases)) assert.equal(command(line), expected, line);
});

test("R-1123-11 a password after Telnet commands is masked", () => {
  assert.equal(
    maskCommandLine(octetsFromBytes(Uint8Array.of(0xff, 0xf4, 0x50, 0x41, 0x53, 0x53, 0x20, 0x78))),
    "\xFF\xF4PASS ****",
  );
});

test("R-CLI-08 no password survives, whatever it holds and however the verb is written", () => {
  const secret = fc.uint8Array({ minLength: 12, maxLength: 30 }).map((bytes) => octetsFromBytes(bytes));
  const verb = fc.mixedCase(fc.constantFrom("PASS", "ACCT", "ADAT", "MIC", "CONF", "ENC"), {
    toggleCase: (letter) => letter.toLowerCase(),
  });
  fc.assert(
    fc.property(verb, secret, (name, value) => {
      assert.equal(maskCommandLine(`${name} ${value}` as Octets), `${name} ****`);
    }),
  );
});

test("R-CLI-08 tokens in replies are masked", () => {
  assert.equal(maskReplyLine(octets("335 ADAT=YWJj")), "335 ADAT=****");
  assert.equal(maskReplyLine(octets("235 adat=YWJj")), "235 ADAT=****");
  assert.equal(maskReplyLine(octets("631-YWJj")), "631-****");
  assert.equal(maskReplyLine(octets("220 a 631 b")), "220 a 631 b");
  assert.equal(maskReplyLine(octets("632 YWJj")), "632 ****");
  assert.equal(maskReplyLine(octets("633 YWJj")), "633 ****");
  assert.equal(maskReplyLine(octets("230 Logged in.")), "230 Logged in.");
});

test("S-31 control characters cannot steer who reads a transcript", () => {
  assert.equal(command("USER a\x1b[2Jb"), "USER a\\x1B[2Jb");
  assert.equal(transcriptReply(7, octets("220 hi\x07")).text, "220 hi\\x07");
  assert.deepEqual(transcriptCommand(5, octets("NOOP")), { atMs: 5, direction: "command", text: "NOOP" });
});

test("no line makes masking throw", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const line = octetsFromBytes(bytes);
      maskCommandLine(line);
      maskReplyLine(line);
    }),
  );
});
