import { type Peer, peerNeeds, needs, startProftpd, startTestServer, startVsftpd } from "@sallyport/testing";
import { ClientTls, DataConnection, directDialer } from "@sallyport/transport";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Socket } from "node:net";
import { after, before, suite, test } from "node:test";

const timeoutMs = 10_000;
const versions = ["TLSv1.2", "TLSv1.3"] as const;
const modes = ["explicit", "implicit"] as const;

/** Just enough of FTP to log in and move files. */
class Dialogue implements AsyncDisposable {
  readonly tls: ClientTls;
  #socket: Socket;
  #heard = "";
  #wake = (): void => {};

  constructor(socket: Socket, tls: ClientTls) {
    this.tls = tls;
    this.#socket = socket;
    this.#listen();
  }

  static async open(
    peer: Peer,
    mode: (typeof modes)[number],
    maxVersion: (typeof versions)[number],
  ): Promise<Dialogue> {
    const port = mode === "implicit" ? peer.implicitPort : peer.explicitPort;
    assert.ok(port);
    const trust = { ca: readFileSync(peer.caFile) };
    const tls = await ClientTls.create({ host: "localhost", port, trust, maxVersion, resumption: "require" });
    const dialogue = new Dialogue(await directDialer().dial({ host: peer.host, port }, { timeoutMs }), tls);
    if (mode === "implicit") await dialogue.#secure(maxVersion);
    await dialogue.reply("220");
    if (mode === "explicit") {
      await dialogue.ask("AUTH TLS", "234");
      await dialogue.#secure(maxVersion);
    }
    await dialogue.ask("PBSZ 0", "200");
    await dialogue.ask("PROT P", "200");
    await dialogue.ask(`USER ${peer.user}`, "331");
    await dialogue.ask(`PASS ${peer.password}`, "230");
    await dialogue.ask("TYPE I", "200");
    return dialogue;
  }

  /** Sends a command and returns the last line of its reply, which must have this code. */
  ask(command: string, expected: string): Promise<string> {
    this.#socket.write(`${command}\r\n`);
    return this.reply(expected);
  }

  async reply(expected: string): Promise<string> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const whole = /^(?:.*\r\n)*?(?<last>\d{3} .*)\r\n/.exec(this.#heard);
      if (whole) {
        this.#heard = this.#heard.slice(whole[0].length);
        const last = whole.groups?.["last"] ?? "";
        assert.equal(last.slice(0, 3), expected, last);
        return last;
      }
      assert.ok(performance.now() < deadline, `no ${expected}; heard ${JSON.stringify(this.#heard)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, 100);
      });
    }
  }

  /** One transfer on a data connection that must resume. */
  async transfer(command: string, upload?: Uint8Array): Promise<Buffer> {
    const passive = await this.ask("EPSV", "229");
    const port = Number(/\|(?<port>\d+)\|\)/.exec(passive)?.groups?.["port"]);
    const tcp = await directDialer().dial({ host: "127.0.0.1", port }, { timeoutMs });
    this.#socket.write(`${command}\r\n`);
    await using data = new DataConnection(tcp, {
      level: "P",
      tlsRole: "client",
      clientTls: await this.tls.dataOptions(),
      onClientTls: (socket) => this.tls.dataStarted(socket),
    });
    data.begin({ direction: upload ? "send" : "receive", level: "P" });
    const { tls } = await data.ready();
    assert.equal(tls?.resumed, true);
    await this.reply("150");
    const received: Buffer[] = [];
    if (upload) await data.sendChunks(chunksOf(upload));
    else await data.receiveChunks((chunk) => void received.push(Buffer.from(chunk)));
    await data.finish();
    await this.reply("226");
    return Buffer.concat(received);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
  }

  async #secure(protocol: string): Promise<void> {
    this.#socket.removeAllListeners("data").pause();
    const { socket, facts } = await this.tls.startControl(this.#socket, { timeoutMs });
    assert.equal(facts.protocol, protocol);
    assert.equal(facts.trustedBy, "authorities");
    this.#socket = socket;
    this.#listen();
  }

  #listen(): void {
    this.#socket.on("data", (octets: Buffer) => {
      this.#heard += octets.toString("latin1");
      this.#wake();
    });
    this.#socket.on("error", () => {}).resume();
  }
}

async function* chunksOf(octets: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < octets.length; at += 65_536) yield octets.subarray(at, at + 65_536);
}

/** Our own server, as strict as the others. */
async function startOurs(): Promise<Peer> {
  const server = await startTestServer({ listener: { dataResumption: "require" } });
  await writeFile(join(server.directory, "hello.txt"), "hello\n");
  return {
    host: "127.0.0.1",
    explicitPort: server.explicitPort,
    implicitPort: server.implicitPort,
    user: "alice",
    password: "secret",
    caFile: server.identity.caFile,
    home: server.directory,
    directory: server.directory,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const servers = {
  sallyport: { start: startOurs, needs: ["linux"] },
  vsftpd: { start: () => startVsftpd(), needs: peerNeeds.vsftpd },
  proftpd: { start: () => startProftpd(), needs: peerNeeds.proftpd },
} as const;

for (const [name, server] of Object.entries(servers)) {
  suite(`TLS with ${name}, which refuses data connections that do not resume`, { skip: needs(...server.needs) }, () => {
    let peer: Peer;
    before(async () => {
      peer = await server.start();
    });
    after(() => peer[Symbol.asyncDispose]());

    for (const version of versions) {
      for (const mode of modes) {
        test(`R-TLS-30 ${name} ${mode} ${version}: ten data connections in a row are accepted`, async () => {
          await using login = await Dialogue.open(peer, mode, version);
          const hello = await readFile(join(peer.home, "hello.txt"));
          const octets = randomBytes(300_000);
          const target = `tls-${mode}-${version}`;
          for (let count = 0; count < 2; count++) {
            assert.match((await login.transfer("LIST")).toString("latin1"), /hello\.txt/);
            assert.deepEqual(await login.transfer("RETR hello.txt"), hello);
            await login.transfer(`STOR ${target}`, octets);
            assert.ok(octets.equals(await login.transfer(`RETR ${target}`)));
            await login.transfer(`STOR ${target}-${count}`, octets.subarray(0, 10));
          }
          assert.ok(octets.equals(await readFile(join(peer.home, target))));
        });
      }
    }
  });
}
