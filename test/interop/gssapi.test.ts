// Dialogues of Kerberos clients that are not ours: replayed with a mock of their mechanism, and yafc itself.
import { decodeBase64, encodeDataBlock } from "@sallyport/protocol";
import { type Kdc, kdcNeeds, needs, SealedDriver, startKdc, tokenOf } from "@sallyport/testing";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { mockRoom } from "../conformance/gssapi-room.ts";
import { runProgram } from "./peers/program.ts";
import { serveDirectory, type ServedDirectory } from "./peers/served.ts";

const files = { small: 16, medium: 100_000, "hello.txt": 6 } as const;

function linesOf(fixture: string): string[] {
  const text = readFileSync(new URL(`gssapi/${fixture}.txt`, import.meta.url), "utf8");
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

describe("recorded dialogues are answered as they were", () => {
  for (const fixture of ["mit-krb5-appl-1.0", "yafc-1.3.7"]) {
    test(fixture, async () => {
      await using room = await mockRoom({ listener: { requireTls: "login" } });
      for (const [name, length] of Object.entries(files)) {
        await writeFile(join(room.server.directory, name), Buffer.alloc(length, "x"));
      }
      const driver = await room.server.greeted();
      const lines = linesOf(fixture);
      const opening = ["S 220", "C AUTH GSSAPI", "S 334", "C ADAT", "S 235"];
      assert.deepEqual(lines.slice(0, opening.length), opening);
      await using client = await SealedDriver.authenticate(driver, room.client);
      const replay = new Replay(client, room.server.directory);
      for (const line of lines.slice(opening.length)) await replay.play(line);
    });
  }
});

/** Plays one line of a fixture after the other. */
class Replay {
  readonly #client: SealedDriver;
  readonly #directory: string;
  #command = "";
  #passive: Socket | undefined;
  #data: Promise<void> | undefined;

  constructor(client: SealedDriver, directory: string) {
    this.#client = client;
    this.#directory = directory;
  }

  async play(line: string): Promise<void> {
    const [who, ...words] = line.split(" ");
    if (who === "C") await this.#say(line);
    else if (who === "D") this.#data = this.#move(words[0] ?? "", words.slice(1));
    else await this.#hear(line, Number(words[0]), words.slice(1).join(" "));
  }

  async #say(line: string): Promise<void> {
    const [, level, tokenBytes, text] = /^C (MIC|ENC) (\d+) (.*)$/.exec(line) ?? [];
    const command = JSON.parse(text ?? "") as string;
    const envelope = await this.#client.envelope(command, level === "ENC" ? "ENC" : "MIC");
    assert.equal(tokenOf(envelope).length, Number(tokenBytes), line);
    this.#command = command.replace("\0", "");
    this.#client.driver.send(`${envelope}\r\n`);
  }

  async #hear(line: string, outer: number, inner: string): Promise<void> {
    const reply = await this.#client.reply();
    if (reply.code === 226) await this.#data;
    assert.deepEqual([reply.outer, reply.text.slice(0, inner.length)], [outer, inner], line);
    const [, high, low] = /^227 .*,(\d+),(\d+)\)/.exec(reply.text) ?? [];
    if (high !== undefined) this.#passive = connect(Number(high) * 256 + Number(low), "127.0.0.1");
  }

  async #move(level: string, headers: readonly string[]): Promise<void> {
    const socket = this.#passive;
    assert.ok(socket);
    const [verb, name = ""] = this.#command.replace("/", "").split(" ");
    if (verb === "STOR") {
      const octets = readFileSync(join(this.#directory, name));
      const confidential = level === "P";
      const blocks = [
        encodeDataBlock(await this.#client.context.wrap(octets, confidential)),
        encodeDataBlock(await this.#client.context.wrap(new Uint8Array(), confidential)),
      ];
      assert.deepEqual(
        blocks.map((block) => Buffer.from(block.subarray(0, 4)).toString("hex")),
        headers,
      );
      socket.resume().end(Buffer.concat(blocks));
    } else if (level === "C") await Array.fromAsync(socket as AsyncIterable<Buffer>);
    else {
      const { tokenLengths, isWhole } = await this.#client.openBlocks(socket);
      assert.ok(isWhole);
      const seen = tokenLengths.map((length) => length.toString(16).padStart(8, "0"));
      if (headers[0] !== "list") assert.deepEqual(seen, headers);
    }
  }
}

test("a stray block of data on the control connection, as yafc sends it after PROT P, is refused and does no harm", async () => {
  await using room = await mockRoom();
  await using client = await SealedDriver.logIn(await room.server.greeted(), room.client);
  const stray = encodeDataBlock(await client.context.wrap(new Uint8Array(), true));
  client.driver.socket.write(stray);
  const refusal = await client.open(await client.driver.command(await client.envelope("PASV")));
  assert.equal(refusal.code, 533);
  // What else is in the block may be taken for lines of its own.
  for (let at = 0; at < 5 && client.driver.pendingText !== ""; at++) await client.reply();
  await client.expect("PASV", 227);
  assert.equal((await client.retrieve("NLST")).completion?.code, 226);
});

describe("yafc from Debian", { skip: needs(...kdcNeeds, "yafc") }, () => {
  test("logs in, lists and fetches with PROT C from sallyport serve, as it was recorded", async () => {
    await using kdc = await startKdc();
    await using served = await serve(kdc);
    await writeFile(join(served.root, "hello.txt"), "hello\n");
    await using line = await recordingLine(served.explicitPort);
    const { environment } = kdc;
    const outcome = await runProgram("yafc", ["-m", "krb5", `ftp://alice@localhost:${line.port}/`], {
      directory: kdc.directory,
      environment: { ...environment, KRB5CCNAME: await kdc.tickets("alice"), TERM: "dumb" },
      input: "pwd\nls\ncat hello.txt\nclose\nquit\n",
    });
    assert.match(outcome.stdout, /hello\.txt[^]*\nhello\n/);
    await served.process.waitFor(/"connection-closed"/);
    const recorded = linesOf("yafc-1.3.7").filter((text) => !text.startsWith("D "));
    assert.deepEqual(transcript(line.lines, served.process.output), recorded);
  });
});

function serve({ keytab, environment }: Kdc): Promise<ServedDirectory> {
  const where = ["--listen", "127.0.0.1", "--explicit-port", "0", "--implicit-port", "0", "--workers", "2"];
  const kerberos = ["--gssapi", "--keytab", keytab, "--gssapi-suffices", "--require-tls", "login"];
  const root = process.getuid?.() === 0 ? ["--allow-root"] : [];
  return serveDirectory({ words: [...where, ...kerberos, ...root, "--verbose"], environment });
}

/** What went over the wire, with what the server found inside, in the form of the fixtures. */
function transcript(wire: readonly string[], log: string): string[] {
  const inside = log
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as { readonly event: string; readonly line?: string });
  const commands = inside.flatMap(({ event, line = "" }) => (event === "command" ? [line] : []));
  const replies = inside.flatMap(({ event, line = "" }) => (event === "reply" ? [line] : []));
  return wire.map((line) => {
    const [who, word = "", token = ""] = line.split(" ");
    const inner = (who === "C" ? commands : replies).shift() ?? "";
    if (word === "MIC" || word === "ENC") {
      return `C ${word} ${decodeBase64(token)?.length} ${JSON.stringify(inner)}`;
    }
    if (who === "C") return word === "ADAT" ? "C ADAT" : line;
    return Number(word) > 600 ? `S ${word} ${inner.slice(0, 3)}` : `S ${word}`;
  });
}

interface RecordingLine extends AsyncDisposable {
  readonly port: number;
  /** `C line` and `S line`, in the order in which they came. */
  readonly lines: readonly string[];
}

/** A proxy for one control connection that writes down its lines. */
async function recordingLine(port: number): Promise<RecordingLine> {
  const lines: string[] = [];
  const record = (who: "C" | "S", from: Socket, to: Socket): void => {
    let text = "";
    from.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const whole = text.split("\r\n");
      text = whole.pop() ?? "";
      lines.push(...whole.map((line) => `${who} ${line}`));
      to.write(chunk);
    });
    from.on("end", () => to.end()).on("error", () => to.destroy());
  };
  const proxy = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    record("C", near, far);
    record("S", far, near);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const bound = proxy.address();
  assert.ok(bound !== null && typeof bound === "object");
  return {
    port: bound.port,
    lines,
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
