import { encodeBase64, encodeDataBlock } from "@sallyport/protocol";
import { needs, SealedDriver } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type GssapiRoom, rooms } from "./gssapi-room.ts";

for (const { name, needs: wanted, open } of rooms) {
  describe(`RFC 2228 with ${name}`, { skip: needs(...wanted) }, () => {
    let room: GssapiRoom;
    before(async () => {
      room = await open();
    });
    after(() => room[Symbol.asyncDispose]());
    const authenticated = async (): Promise<SealedDriver> =>
      SealedDriver.authenticate(await room.server.greeted(), room.client);
    const loggedIn = async (level?: "C" | "S" | "P"): Promise<SealedDriver> =>
      SealedDriver.logIn(await room.server.greeted(), room.client, level === undefined ? {} : { level });
    const inRoot = (file: string): string => join(room.server.directory, file);

    it("R-GSS-01 R-GSS-03 R-2228-30 T-07 334, 235, and USER is 232 without a password", async () => {
      await using client = await authenticated();
      const answer = await client.command("USER alice");
      assert.match(answer.text, /^232 GSSAPI user alice@\S+ is authorized as alice$/);
      await client.expect("PWD", 257);
      const [principal] = room.server.events.flatMap((event) =>
        event.kind === "security-established" ? [event.principal] : [],
      );
      assert.match(principal ?? "", /^alice@/);
    });

    it("R-2228-05 ADAT out of order, not base64, junk, and after an error", async () => {
      await using driver = await room.server.greeted();
      await driver.expect("ADAT AAAA", 503);
      await driver.expect("AUTH gssapi", 334);
      await driver.expect("ADAT !!!", 501);
      await driver.expect("ADAT AAAA", 535);
      await driver.expect("ADAT AAAA", 503);
      await using client = await SealedDriver.authenticate(driver, room.client);
      assert.deepEqual(await client.command("ADAT AAAA").then(({ outer, code }) => [outer, code]), [631, 503]);
    });

    it("R-2228-10 R-2228-12 a command in the clear is 533, itself sealed", async () => {
      await using client = await authenticated();
      for (const line of ["PWD", "USER alice", "XYZZY", "QUIT"]) {
        const { outer, code } = await client.open(await client.driver.command(line));
        assert.deepEqual([outer, code], [631, 533], line);
      }
      await client.expect("NOOP", 200, "ENC");
      assert.equal((await client.open(await client.driver.command("PWD"))).outer, 632);
    });

    it("R-2228-11 replies come at the level of their command, each line in its own message", async () => {
      await using client = await loggedIn();
      for (const [level, outer] of [
        ["MIC", 631],
        ["ENC", 632],
      ] as const) {
        const feat = await client.command("FEAT", level);
        assert.equal(feat.outer, outer);
        assert.match(feat.text, /\n AUTH GSSAPI\n[^]*\n PBSZ\n PROT\n[^]*\n211 End$/);
      }
      client.driver.send(`${await client.envelope("NOOP", "ENC")}\r\n`);
      client.driver.send(`${await client.envelope("SYST", "MIC")}\r\n`);
      assert.deepEqual([(await client.reply()).outer, (await client.reply()).outer], [632, 631]);
    });

    it("R-2228-09 inner lines: CRLF, NUL and nothing end them, a LF inside is 501; CONF is 537", async () => {
      await using client = await authenticated();
      for (const line of ["NOOP", "NOOP\r\n", "NOOP\0"]) await client.expect(line, 200);
      for (const line of ["NOOP\n", "NOOP\r\nNOOP", "NOOP\nQUIT"]) await client.expect(line, 501);
      const { driver } = client;
      assert.equal((await client.open(await driver.command("MIC !!!"))).code, 501);
      assert.equal((await client.open(await driver.command(`MIC ${"A".repeat(80)}`))).code, 535);
      assert.equal((await client.open(await driver.command("CONF AAAA"))).code, 537);
      // Sealed is not encrypted.
      const sealed = (await client.envelope("NOOP")).replace("MIC", "ENC");
      assert.equal((await client.open(await driver.command(sealed))).code, 535);
      await client.expect("NOOP", 200);
    });

    it("R-2228-06 R-2228-07 PBSZ comes to terms, PROT knows C, S and P", async () => {
      await using client = await authenticated();
      await client.expect("PROT P", 503);
      await client.expect("PBSZ x", 501);
      await client.expect("PBSZ 0", 501);
      assert.match((await client.expect("PBSZ 4294967295", 200)).text, /PBSZ=1048576$/);
      assert.match((await client.expect("PBSZ 65536", 200)).text, /PBSZ=65536$/);
      for (const [level, code] of [
        ["X", 504],
        ["E", 536],
        ["S", 200],
        ["P", 200],
        ["C", 200],
      ] as const) {
        await client.expect(`PROT ${level}`, code);
      }
      await client.expect("CCC", 534);
    });

    for (const [level, overheadBytes] of [
      ["S", 28],
      ["P", 60],
    ] as const) {
      it(`R-GSS-05 R-2228-15 PROT ${level}: 0, 1, PBSZ and more octets both ways, in blocks that PBSZ allows`, async () => {
        await using client = await loggedIn(level);
        const confidential = level === "P";
        await client.expect("PBSZ 65536", 200);
        for (const length of [0, 1, 65_536 - overheadBytes, 65_536, 300_001]) {
          const octets = randomBytes(length);
          const stored = await client.store("STOR blocks", octets, { confidential, tokenBytesMax: 65_536 });
          assert.equal(stored.completion?.code, 226, `${length} octets`);
          assert.ok(readFileSync(inRoot("blocks")).equals(octets));
          const fetched = await client.retrieve("RETR blocks", "ENC");
          assert.deepEqual([fetched.completion?.outer, fetched.completion?.code], [632, 226]);
          assert.ok(fetched.isWhole && fetched.octets.equals(octets));
          assert.ok(fetched.tokenLengths.every((tokenBytes) => tokenBytes <= 65_536));
          assert.equal(fetched.tokenLengths.at(-1), overheadBytes, "the empty block");
        }
      });
    }

    it("R-GSS-05 R-2228-14 listings, REST, APPE, MODE Z, and 534 to PROT C where policy demands more", async () => {
      await using client = await loggedIn();
      writeFileSync(inRoot("whole"), "0123456789");
      const list = await client.retrieve("NLST");
      assert.ok(list.isWhole && list.octets.toString().includes("whole\r\n"));
      await client.expect("REST 7", 350);
      assert.equal((await client.retrieve("RETR whole")).octets.toString(), "789");
      assert.equal((await client.store("APPE whole", Buffer.from("ab"))).completion?.code, 226);
      await client.expect("REST 3", 350);
      assert.equal((await client.store("STOR whole", Buffer.from("xyz"))).completion?.code, 226);
      assert.match(readFileSync(inRoot("whole"), "latin1"), /^012xyz/);
      await client.expect("MODE Z", 200);
      const zipped = await client.retrieve("RETR whole");
      assert.ok(zipped.isWhole);
      await client.expect("MODE S", 200);
      await client.expect("PROT C", 200);
      assert.equal((await client.retrieve("RETR whole")).opening.code, 534);
    });

    it("R-GSS-06 a repeated command is 535, and so is a message of another context", async () => {
      await using client = await loggedIn();
      const envelope = await client.envelope("MKD once");
      assert.equal((await client.open(await client.driver.command(envelope))).code, 257);
      assert.equal((await client.open(await client.driver.command(envelope))).code, 535);
      await using other = await authenticated();
      const foreign = await other.envelope("MKD foreign");
      assert.equal((await client.open(await client.driver.command(foreign))).code, 535);
      assert.ok(!existsSync(inRoot("foreign")));
    });

    it("R-GSS-06 a command that comes far too late is 535", async () => {
      await using client = await authenticated();
      const late = await client.envelope("MKD late");
      for (let at = 0; at < 70; at++) await client.expect("NOOP", 200);
      assert.equal((await client.open(await client.driver.command(late))).code, 535);
      await client.expect("NOOP", 200);
    });

    it("R-2228-15 R-2228-14 an upload that goes wrong is refused and publishes nothing", async () => {
      const octets = randomBytes(300_000);
      const wrongs: readonly (readonly [number, string, (blocks: Uint8Array[]) => Uint8Array[]])[] = [
        [426, "without its last block", (blocks) => blocks.slice(0, -1)],
        [
          426,
          "cut inside a block",
          (blocks) => [...blocks.slice(0, 2), blocks[2]?.subarray(0, 999) ?? new Uint8Array()],
        ],
        [535, "with two blocks exchanged", ([a, b, ...rest]) => [b ?? a, a, ...rest] as Uint8Array[]],
        [535, "with a block taken out", ([a, , ...rest]) => [a, ...rest] as Uint8Array[]],
        [535, "with a block twice", ([a, ...rest]) => [a, a, ...rest] as Uint8Array[]],
        [535, "with octets behind the end", (blocks) => [...blocks, blocks.at(-1) as Uint8Array]],
        [535, "with an octet changed", ([a, ...rest]) => [flipped(a as Uint8Array), ...rest]],
        [535, "with a block longer than PBSZ", (blocks) => [new Uint8Array([0, 1, 0, 1]), ...blocks]],
        [535, "with a length of 0", (blocks) => [new Uint8Array(4), ...blocks]],
        [535, "in the clear", () => [octets]],
      ];
      await using client = await loggedIn();
      await client.expect("PBSZ 65536", 200);
      for (const [code, how, change] of wrongs) {
        const { completion } = await client.store("STOR wrong", octets, { tokenBytesMax: 65_536, change });
        assert.equal(completion?.code, code, how);
        assert.ok(!existsSync(inRoot("wrong")), how);
      }
      const sealed = await client.store("STOR wrong", octets, { tokenBytesMax: 65_536, confidential: false });
      assert.equal(sealed.completion?.code, 535, "sealed and not encrypted");
      assert.equal((await client.store("STOR right", octets, { tokenBytesMax: 65_536 })).completion?.code, 226);
    });

    it("gaps are tolerated where control and data interleave", async () => {
      await using client = await loggedIn();
      const octets = randomBytes(10_000);
      const data = await client.openPassive();
      await client.expect("STOR mixed", 150);
      const wrapped = async (piece: Uint8Array) => encodeDataBlock(await client.context.wrap(piece, true));
      const first = await wrapped(octets.subarray(0, 5000));
      const status = await client.envelope("STAT");
      const late = await client.envelope("NOOP");
      const rest = [await wrapped(octets.subarray(5000)), await wrapped(new Uint8Array())];
      // The status overtakes the data that was sealed before it, and the other command comes after data sealed behind it.
      client.driver.send(`${status}\r\n`);
      assert.equal((await client.reply()).code, 211);
      data.resume();
      data.end(Buffer.concat([first, ...rest]));
      client.driver.send(`${late}\r\n`);
      assert.equal((await client.reply()).code, 226);
      assert.equal((await client.reply()).code, 200);
      assert.ok(readFileSync(inRoot("mixed")).equals(octets));
    });

    it("a command that overtakes a hundred blocks does not make them old", async () => {
      await using client = await loggedIn();
      const octets = randomBytes(100_000);
      const data = await client.openPassive();
      await client.expect("STOR overtaken", 150);
      const blocks = [];
      for (let at = 0; at < octets.length; at += 1000) {
        blocks.push(encodeDataBlock(await client.context.wrap(octets.subarray(at, at + 1000), true)));
      }
      client.driver.send(`${await client.envelope("STAT")}\r\n`);
      assert.equal((await client.reply()).code, 211);
      blocks.push(encodeDataBlock(await client.context.wrap(new Uint8Array(), true)));
      data.resume();
      data.end(Buffer.concat(blocks));
      assert.equal((await client.reply()).code, 226);
      assert.ok(readFileSync(inRoot("overtaken")).equals(octets));
    });

    it("R-GSS-06 no message serves twice, be it a block that was a command or one of an earlier transfer", async () => {
      await using client = await loggedIn();
      const command = await client.context.wrap(Buffer.from("NOOP"), true);
      assert.equal((await client.open(await client.driver.command(`ENC ${encodeBase64(command)}`))).code, 200);
      let kept: Uint8Array = new Uint8Array();
      const keep = (blocks: Uint8Array[]): Uint8Array[] => {
        kept = blocks[0] ?? kept;
        return blocks;
      };
      assert.equal((await client.store("STOR first", Buffer.alloc(500), { change: keep })).completion?.code, 226);
      for (let at = 0; at < 70; at++) await client.expect("NOOP", 200);
      for (const used of [encodeDataBlock(command), kept]) {
        const change = (blocks: Uint8Array[]): Uint8Array[] => [used, ...blocks];
        assert.equal((await client.store("STOR second", Buffer.alloc(500), { change })).completion?.code, 535);
      }
      assert.ok(!existsSync(inRoot("second")));
    });

    it("R-959-61 ABOR and STAT in messages reach a running transfer", async () => {
      await using client = await loggedIn();
      writeFileSync(inRoot("large"), randomBytes(8_000_000));
      const data = await client.openPassive();
      await client.expect("RETR large", 150);
      assert.match((await client.expect("STAT", 211, "ENC")).text, /RETR: \d+ octets/);
      client.driver.send(`\xff\xf4\xff\xf2${await client.envelope("ABOR", "ENC")}\r\n`);
      const replies = [await client.reply(), await client.reply()];
      assert.deepEqual(
        replies.map(({ outer, code }) => [outer, code]),
        [
          [631, 426],
          [632, 226],
        ],
      );
      data.destroy();
      await client.expect("NOOP", 200);
    });

    it("R-959-64 a listing by STAT is sealed line by line, hundreds of them", async () => {
      await using client = await loggedIn();
      await client.expect("MKD many", 257);
      for (let at = 0; at < 300; at++) writeFileSync(inRoot(`many/${at}`), "");
      const { outer, text } = await client.command("STAT many", "ENC");
      assert.deepEqual([outer, text.split("\n").length], [632, 302]);
      await client.expect("NOOP", 200);
    });

    it("R-959-07 pipelined commands are opened and answered in order", async () => {
      await using client = await loggedIn();
      const lines = Array.from({ length: 60 }, (_, at) => (at % 3 === 0 ? "PWD" : at % 3 === 1 ? "NOOP" : "SYST"));
      const levels = lines.map((_, at) => (at % 2 === 0 ? "MIC" : "ENC"));
      let text = "";
      for (const [at, line] of lines.entries()) text += `${await client.envelope(line, levels[at])}\r\n`;
      client.driver.send(text);
      for (const [at, line] of lines.entries()) {
        const { outer, code } = await client.reply();
        assert.deepEqual([outer, code], [levels[at] === "ENC" ? 632 : 631, { PWD: 257, NOOP: 200, SYST: 215 }[line]]);
      }
    });

    it("R-GSS-06 REIN and a second AUTH release the context", async () => {
      await using client = await loggedIn();
      const rein = await client.command("REIN", "ENC");
      assert.deepEqual([rein.outer, rein.code], [632, 220]);
      const { driver } = client;
      await driver.expect("PWD", 530);
      await driver.expect(await client.envelope("NOOP"), 503);
      await using again = await SealedDriver.logIn(driver, room.client);
      await again.expect("PWD", 257);
      // Clear, and then nothing of before counts.
      await driver.expect("AUTH GSSAPI", 334);
      await driver.expect("PWD", 530);
      await driver.expect(await again.envelope("PWD"), 503);
    });

    it("R-GSS-07 AUTH TLS in the place of GSSAPI, and GSSAPI inside TLS is 534", async () => {
      await using client = await loggedIn();
      const { driver } = client;
      const answer = await client.command("AUTH TLS", "ENC");
      assert.deepEqual([answer.outer, answer.code], [632, 234]);
      await driver.startTls({ rejectUnauthorized: false });
      await driver.expect("PWD", 530);
      await driver.expect("AUTH GSSAPI", 534);
      await driver.logIn();
      writeFileSync(inRoot("by-tls"), "octets");
      assert.equal((await driver.retrieve("RETR by-tls")).octets.toString(), "octets");
    });

    it("a mechanism's process that is killed costs its connections a clear 421, and the next one works", async () => {
      await using client = await loggedIn();
      await using other = await room.server.loggedIn();
      const envelope = await client.envelope("PWD");
      room.die();
      await client.driver.expect(envelope, 421);
      assert.ok(await client.driver.waitForEnd());
      await other.expect("PWD", 257);
      await using again = await loggedIn();
      await again.expect("PWD", 257);
    });

    it("another account than one's own is 530, sealed, and no password helps", async () => {
      await using client = await authenticated();
      const answer = await client.command("USER bob", "ENC");
      assert.deepEqual([answer.outer, answer.code], [632, 530]);
      await client.expect("PASS secret", 503);
      await client.expect("USER alice", 232);
    });
  });
}

function flipped(block: Uint8Array): Uint8Array {
  const changed = block.slice();
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  return changed;
}
