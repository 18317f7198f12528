import {
  decodeBase64,
  encodeBase64,
  encodeDataBlock,
  innerCommand,
  type Octets,
  octetsFromText,
  parseAdat,
  protectedReply,
  replyFragments,
} from "@sallyport/protocol";
import type { SecurityContext, SecurityMechanism } from "@sallyport/transport";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** One control connection of the server, with what a test needs to misbehave on it. */
export interface GssapiLogin {
  readonly control: Socket;
  readonly context: SecurityContext;
  /** Which level commands came in last: `MIC` or `ENC`. */
  readonly level: string;
  /** The lines of a protected reply. */
  sealed(reply: string, fragmentBytes?: number): Promise<string>;
  /** A data connection, once it is there. */
  data(): Promise<Socket>;
  /** A block of a data connection. */
  block(octets: Uint8Array, confidential?: boolean): Promise<Uint8Array>;
  /** Opens what a client uploaded. */
  opened(octets: Uint8Array): Promise<Buffer>;
}

/** The reply, without CRLF; undefined where the handler has sent its own. */
export type GssapiHandler = (login: GssapiLogin, argument: string) => string | undefined | Promise<string | undefined>;

export interface GssapiServer extends AsyncDisposable {
  readonly port: number;
  /** Every command, as it was inside its envelope. */
  readonly heard: readonly string[];
  /** Every line as it came, tokens left out. */
  readonly heardInClear: readonly string[];
  readonly loginsCount: number;
}

const content = Buffer.from("content of a file\r\n");

/**
 * An FTP server under GSSAPI whose commands answer as a test wants; what it says nothing about is answered well. Rows
 * AUTH and ADAT are in clear.
 */
export async function startGssapiServer(
  mechanism: SecurityMechanism,
  rows: Readonly<Record<string, GssapiHandler>> = {},
): Promise<GssapiServer> {
  const sockets = new Set<Socket>();
  const heard: string[] = [];
  const heardInClear: string[] = [];
  let loginsCount = 0;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket.on("error", () => {}).once("close", () => sockets.delete(socket)));
    return socket;
  };
  const server = createServer((socket) => {
    loginsCount += 1;
    new Dialogue(keep(socket), { mechanism, rows, heard, heardInClear, keep }).begin();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    heardInClear,
    get loginsCount() {
      return loginsCount;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface Parts {
  readonly mechanism: SecurityMechanism;
  readonly rows: Readonly<Record<string, GssapiHandler>>;
  readonly heard: string[];
  readonly heardInClear: string[];
  keep(socket: Socket): Socket;
}

class Dialogue implements GssapiLogin {
  readonly control: Socket;
  level = "";
  readonly #parts: Parts;
  #context: SecurityContext | undefined;
  #isSealed = false;
  #data: Promise<Socket> | undefined;
  #turn: Promise<void> = Promise.resolve();
  #rest = "";

  constructor(control: Socket, parts: Parts) {
    this.control = control;
    this.#parts = parts;
  }

  begin(): void {
    const { control } = this;
    control.write("220 ready\r\n");
    control.on("data", (octets: Buffer) => {
      const lines = (this.#rest + octets.toString("latin1")).split("\r\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) {
        // ABOR does not wait for the transfer before it.
        this.#turn = this.#turn.then(() => this.#take(line)).catch(() => void control.destroy());
      }
    });
  }

  get context(): SecurityContext {
    if (this.#context === undefined) throw new Error("no context yet");
    return this.#context;
  }

  async sealed(reply: string, fragmentBytes = 4096): Promise<string> {
    const confidential = this.level !== "MIC";
    const tokens: Uint8Array[] = [];
    for (const fragment of replyFragments(octetsFromText(`${reply}\r\n`), fragmentBytes)) {
      // oxlint-disable-next-line no-await-in-loop -- in their order
      tokens.push(await this.context.wrap(fragment, confidential));
    }
    return protectedReply(confidential ? 632 : 631, tokens);
  }

  async data(): Promise<Socket> {
    if (this.#data === undefined) throw new Error("no data connection was set up");
    return this.#data;
  }

  async block(octets: Uint8Array, confidential = true): Promise<Uint8Array> {
    return encodeDataBlock(await this.context.wrap(octets, confidential));
  }

  async opened(octets: Uint8Array): Promise<Buffer> {
    const blocks = Buffer.from(octets);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < blocks.length;) {
      const end = at + 4 + blocks.readUInt32BE(at);
      // oxlint-disable-next-line no-await-in-loop -- in their order
      pieces.push((await this.context.unwrap(blocks.subarray(at + 4, end))).octets);
      at = end;
    }
    if (pieces.at(-1)?.length !== 0) throw new Error("the last block is missing");
    return Buffer.concat(pieces);
  }

  async #take(line: string): Promise<void> {
    const [verb = "", argument = ""] = line.split(/ (.*)/s);
    this.#parts.heardInClear.push(argument.length > 64 ? verb : line);
    if (!this.#isSealed || verb === "AUTH") return this.#inClear(verb, argument);
    this.level = verb;
    const { octets } = await this.context.unwrap(decodeBase64(argument) ?? new Uint8Array());
    const command = innerCommand(octets) ?? ("" as Octets);
    this.#parts.heard.push(command);
    const [innerVerb = "", innerArgument = ""] = command.split(/ (.*)/s);
    const row = this.#parts.rows[innerVerb] ?? defaults[innerVerb] ?? (() => "200 ok");
    if (innerVerb === "EPSV") return await this.#passive();
    const reply = await row(this, innerArgument);
    if (reply !== undefined) this.control.write(await this.sealed(reply), "latin1");
    if (innerVerb === "QUIT") this.control.end();
  }

  async #inClear(verb: string, argument: string): Promise<void> {
    const reply = await (this.#parts.rows[verb]?.(this, argument) ?? this.#answer(verb, argument));
    if (reply !== undefined) this.control.write(`${reply}\r\n`, "latin1");
    if (verb === "QUIT") this.control.end();
  }

  async #answer(verb: string, argument: string): Promise<string> {
    if (verb === "AUTH") {
      if (argument !== "GSSAPI") return "504 no";
      this.#isSealed = false;
      this.#context = await this.#parts.mechanism.accept();
      return "334 go";
    }
    if (verb !== "ADAT") return "533 protected, please";
    const given = parseAdat(`ADAT=${argument}` as Octets);
    try {
      const { token, facts } = await this.context.step(typeof given === "string" ? undefined : given);
      this.#isSealed = facts !== undefined;
      const text = token === undefined ? "done" : `ADAT=${encodeBase64(token)}`;
      return `${this.#isSealed ? 235 : 335} ${text}`;
    } catch {
      return "535 no";
    }
  }

  async #passive(): Promise<void> {
    const listener: Server = createServer();
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    this.#data = once(listener, "connection").then(([socket]: Socket[]) => {
      listener.close();
      if (socket === undefined) throw new Error("no data connection");
      return this.#parts.keep(socket);
    });
    const { port } = listener.address() as AddressInfo;
    this.control.write(await this.sealed(`229 Extended (|||${port}|)`), "latin1");
  }
}

const defaults: Readonly<Record<string, GssapiHandler>> = {
  USER: () => "232 authorized",
  PBSZ: () => "200 PBSZ=65536",
  FEAT: () => "211-Features\r\n UTF8\r\n211 End",
  RNFR: () => "350 to what",
  RNTO: () => "250 renamed",
  PWD: () => '257 "/" it is',
  QUIT: () => "221 bye",
  RETR: async (login) => {
    login.control.write(await login.sealed("150 here it comes"));
    const data = await login.data();
    data.write(await login.block(content));
    data.end(await login.block(new Uint8Array()));
    return "226 done";
  },
  STOR: async (login) => {
    login.control.write(await login.sealed("150 go on"));
    const pieces: Buffer[] = [];
    for await (const piece of await login.data()) pieces.push(piece as Buffer);
    await login.opened(Buffer.concat(pieces));
    return "226 stored";
  },
};
