// The transcripts that this project began with, typed into the programs that they were typed into.
import { needs } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { runProgram, type RunningProgram, startProgram } from "./peers/program.ts";
import { serveDirectory, type ServedDirectory, type ServedOptions } from "./peers/served.ts";

/** What inetutils-telnet writes once it is connected. */
const connected = /Escape character is '\^\]'\.\n/;
const hungUp = "Connection closed by foreign host.\n";
const silenceMs = 1_000;

/** Loopback of its own: other tests may hold the standard ports of 127.0.0.1. */
const standardAddress = "127.0.0.21";
const nobody = 65_534;

transcripts("T-01 T-02 T-03 T-04", "127.0.0.1", {}, false);
transcripts(
  "on ports 21 and 990",
  standardAddress,
  { words: ["--listen", standardAddress, "--standard-ports", "--run-as", "nobody"], userId: nobody },
  needs("root", "reachable-checkout") || (portsTaken([21, 990]) && "port 21 or 990 is in use"),
);

function transcripts(title: string, host: string, options: ServedOptions, skip: string | false): void {
  describe(title, { skip }, () => {
    let served: ServedDirectory;
    let directory: string;
    before(async () => {
      served = await serveDirectory(options);
      directory = await mkdtemp(join(tmpdir(), "sallyport-client-"));
    });
    after(async () => {
      await served[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    });
    const telnet = (port: number) => startProgram("telnet", [host, String(port)], { directory });
    /** `port` is one of the served ones, or that of a data connection. */
    const openssl = (port: number, ...words: string[]) =>
      startProgram("openssl", ["s_client", ...trust(served.caFile), "-connect", `${host}:${port}`, ...words], {
        directory,
      });

    test(
      "T-01 telnet to the implicit port: HELP closes the connection, and nothing is said",
      {
        skip: needs("telnet"),
      },
      async () => {
        await using program = telnet(served.implicitPort);
        const [heard] = await program.waitFor(connected);
        assert.match(heard, connected);
        await sleep(silenceMs);
        assert.ok(program.output.endsWith("'^]'.\n"), "something was said to a silent client");
        program.send("HELP\n");
        const { stdout, stderr } = await program.ended;
        assert.match(stdout, /'\^\]'\.\n$/);
        assert.equal(stderr, hungUp);
      },
    );

    test(
      "T-03 telnet to the explicit port: 220, AUTH TLS, 234, and clear text after it ends the connection",
      {
        skip: needs("telnet"),
      },
      async () => {
        await using program = telnet(served.explicitPort);
        await program.waitFor(connected);
        await program.waitFor(/^220 .*\n/);
        program.send("AUTH TLS\n");
        await program.waitFor(/^234 .*\n/);
        program.send("HELP\n");
        const { stdout, stderr } = await program.ended;
        assert.match(stdout, /\n220 .*\n234 .*\n$/);
        assert.equal(stderr, hungUp);
      },
    );

    test(
      "T-02 openssl to the implicit port: 220 inside TLS 1.3, behind a verified chain of CA and leaf",
      {
        skip: needs("openssl"),
      },
      async () => {
        await using program = openssl(served.implicitPort);
        await program.waitFor(/\n220 .*\r\n/);
        const shown = program.output;
        assert.match(shown, /New, TLSv1\.3, Cipher is TLS_AES_/);
        assert.match(shown, /Certificate chain\n 0 s:.*\n(?: {3}.*\n)+ 1 s:/);
        assert.match(shown, /Verification: OK/);
        assert.match(shown, /Verified peername: localhost/);
        assert.match(shown, /Verify return code: 0 \(ok\)/);
        assert.match(shown, /No client certificate CA names sent/);
        assert.match(shown, /No ALPN negotiated/);
        assert.match(shown, /Early data was not sent/);
        assert.ok(shown.indexOf("Certificate chain") < shown.indexOf("\n220 "), "the greeting came before TLS");
      },
    );

    test(
      "T-02 lines ended by LF are answered, and data is protected without PBSZ and PROT",
      {
        skip: needs("openssl"),
      },
      async () => {
        await writeFile(join(served.root, "hello.txt"), "hello\n");
        await using program = openssl(served.implicitPort, "-quiet");
        await program.waitFor(/220 .*\r\n/);
        await say(program, "FEAT", /211-[\s\S]*\r\n211 End\r\n/);
        await say(program, "USER alice", /331 .*\r\n/);
        await say(program, "PASS secret", /230 .*\r\n/);
        const port = await passivePort(program);
        await say(program, "LIST", /150 .*\r\n/);
        const data = await runProgram("openssl", dataWords(served.caFile, host, port), { directory });
        assert.match(data.stdout, /hello\.txt\r\n/);
        await program.waitFor(/226 .*\r\n/);
        await say(program, "QUIT", /221 .*\r\n/);
        await program.ended;
      },
    );

    test(
      "T-04 openssl -starttls ftp: the whole of an explicit login and a download",
      {
        skip: needs("openssl"),
      },
      async () => {
        const content = randomBytes(40_000).toString("base64");
        await writeFile(join(served.root, "content"), content);
        await using program = openssl(served.explicitPort, "-quiet", "-starttls", "ftp");
        await say(program, "FEAT", /211-[\s\S]*\r\n211 End\r\n/);
        for (const [line, code] of [
          ["PBSZ 0", 200],
          ["PROT P", 200],
          ["USER alice", 331],
          ["PASS secret", 230],
          ["TYPE I", 200],
        ] as const) {
          await say(program, line, new RegExp(`${code} .*\r\n`));
        }
        const port = await passivePort(program);
        await say(program, "RETR content", /150 .*\r\n/);
        const data = await runProgram("openssl", dataWords(served.caFile, host, port), { directory });
        assert.equal(data.stdout, content);
        await program.waitFor(/226 .*\r\n/);
        await say(program, "QUIT", /221 .*\r\n/);
        await program.ended;
      },
    );

    if (options.userId === undefined) return;
    test("the process that bound the ports is root no more", () => {
      assert.deepEqual([served.explicitPort, served.implicitPort], [21, 990]);
      const status = readFileSync(`/proc/${served.process.pid}/status`, "utf8");
      const ids = Array.from({ length: 4 }, () => options.userId).join("\t");
      assert.match(status, new RegExp(`^Uid:\t${ids}$`, "m"));
      assert.match(status, new RegExp(`^Gid:\t${ids}$`, "m"));
      assert.match(status, /^CapEff:\t0+$/m);
    });
  });
}

function trust(caFile: string): readonly string[] {
  const name = ["-servername", "localhost", "-verify_hostname", "localhost"];
  return ["-CAfile", caFile, "-verify_return_error", "-nocommands", ...name];
}

function dataWords(caFile: string, host: string, port: number): readonly string[] {
  return ["s_client", ...trust(caFile), "-quiet", "-connect", `${host}:${port}`];
}

/** Types a line, ended by LF alone, and waits for the answer. */
async function say(program: RunningProgram, line: string, answer: RegExp): Promise<RegExpExecArray> {
  program.send(`${line}\n`);
  return program.waitFor(answer);
}

async function passivePort(program: RunningProgram): Promise<number> {
  const [, port] = await say(program, "EPSV", /229 .*\(\|\|\|(\d+)\|\)\r\n/);
  return Number(port);
}

function portsTaken(ports: readonly number[]): boolean {
  const sockets = ["/proc/net/tcp", "/proc/net/tcp6"].map((file) => readFileSync(file, "utf8")).join("");
  const isAny = "(?:0{8}|0{32}|1500007F)";
  const inUse = (port: number): boolean =>
    new RegExp(`${isAny}:${port.toString(16).toUpperCase().padStart(4, "0")} 0+:0000 0A`).test(sockets);
  return ports.some(inUse);
}
