import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { constants, inflateSync } from "node:zlib";
import type { BrokenFiles } from "./broken-files.ts";
import { type BrokenGround, keep } from "./broken-ground.ts";

/** The data connections of one control connection of the broken server. Each comment names a hole. */
export class BrokenData {
  readonly #ground: BrokenGround;
  readonly #say: (line: string) => void;
  #waiting: Promise<Socket> | undefined;
  #protected = false;
  #mode = "S";
  #running: Socket | undefined;

  constructor(ground: BrokenGround, say: (line: string) => void) {
    this.#ground = ground;
    this.#say = say;
  }

  /** Answers a command about data, or returns undefined. */
  command(verb: string, argument: string, files: BrokenFiles): string | undefined {
    switch (verb) {
      case "PROT":
        this.#protected = argument === "P";
        return "200 done";
      case "MODE":
        this.#mode = argument;
        return "200 done";
      case "TYPE":
      case "REST":
        return verb === "REST" ? "350 from there" : "200 done";
      case "EPSV":
        this.#listen();
        return undefined;
      case "PORT":
      case "EPRT":
        this.#waiting = this.#dial(verb, argument);
        return "200 done";
      case "ABOR":
        // Hole: the transfer's own reply is forgotten.
        this.#running?.destroy();
        return "226 aborted";
      case "LIST":
      case "NLST":
      case "MLSD":
        void this.#send(() => Buffer.from(files.list(argument), "latin1"));
        return undefined;
      case "RETR":
        void this.#send(() => readFileSync(files.path(argument)));
        return undefined;
      case "STOR":
      case "APPE":
      case "STOU":
        this.#receive(files.path(argument === "" ? "file" : argument), verb === "APPE").catch((error: unknown) =>
          this.#say(`550 ${String(error)}`),
        );
        return undefined;
      default:
        return undefined;
    }
  }

  /** Holes: the next port in order; whoever connects; the listener before stays. */
  #listen(): void {
    const port = this.#ground.nextPort++;
    const { promise, resolve } = Promise.withResolvers<Socket>();
    const server = createServer((socket) => resolve(keep(this.#ground, socket)));
    server.once("error", () => this.#listen());
    server.listen(port, "127.0.0.1", () => {
      this.#ground.listeners.add(server);
      this.#waiting = promise;
      this.#say(`229 here (|||${port}|)`);
    });
  }

  /** Hole: to any host and port, in any spelling. */
  async #dial(verb: string, argument: string): Promise<Socket> {
    const [host, port] = verb === "PORT" ? fromPort(argument) : fromEprt(argument);
    const socket = keep(this.#ground, connect({ host, port }));
    await new Promise((resolve) => socket.once("connect", resolve).once("error", resolve));
    return socket;
  }

  /** Hole: any TLS will do, whoever's ticket it resumes and whatever certificate it shows. */
  async #open(): Promise<Socket | undefined> {
    this.#say("150 go");
    const socket = await this.#waiting;
    this.#waiting = undefined;
    if (socket === undefined) return undefined;
    this.#running = socket;
    if (!this.#protected) return socket;
    const tls = new TLSSocket(socket, { isServer: true, secureContext: this.#ground.context });
    return tls.on("error", () => undefined);
  }

  async #send(content: () => Buffer): Promise<void> {
    let octets: Buffer;
    try {
      octets = content();
    } catch (error) {
      this.#say(`550 ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    const data = await this.#open();
    data?.end(octets, () => this.#say("226 done"));
  }

  /** Holes: the file is written where it stands as octets come; however the connection ends, it is called whole. */
  async #receive(path: string, append: boolean): Promise<void> {
    if (!append) writeFileSync(path, "");
    const data = await this.#open();
    const chunks: Buffer[] = [];
    data?.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      if (this.#mode === "S") appendFileSync(path, chunk);
    });
    data?.once("close", () => {
      if (this.#mode !== "S") writeFileSync(path, decoded(this.#mode, Buffer.concat(chunks)));
      this.#say("226 stored");
    });
    data?.once("end", () => data.end());
  }
}

/** Holes: no bound on what a few octets become. */
function decoded(mode: string, octets: Buffer): Buffer {
  if (mode === "Z") return inflateSync(octets, { finishFlush: constants.Z_SYNC_FLUSH });
  const parts: Buffer[] = [];
  for (let at = 0; at < octets.length; at++) {
    const head = octets[at] ?? 0;
    // Enough of RFC 959 §3.4.3: fillers, and one octet again and again.
    if (head >= 0xc0) parts.push(Buffer.alloc(head - 0xc0));
    else if (head >= 0x80) parts.push(Buffer.alloc(head - 0x80, octets[++at]));
  }
  return Buffer.concat(parts);
}

function fromPort(argument: string): [host: string, port: number] {
  const numbers = argument.split(",");
  return [numbers.slice(0, 4).join("."), (Number(numbers[4]) * 256 + Number(numbers[5])) & 0xffff];
}

function fromEprt(argument: string): [host: string, port: number] {
  const [, , host = "", port = ""] = argument.split("|");
  return [host.replace(/^::ffff:/i, ""), Number(port) & 0xffff];
}
