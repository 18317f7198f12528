import { scryptSync } from "node:crypto";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { BrokenData } from "./broken-data.ts";
import { BrokenFiles } from "./broken-files.ts";
import type { BrokenGround } from "./broken-ground.ts";

type Answer = string | undefined;

/** One control connection of the broken server. Each comment names a hole. */
export class BrokenConnection {
  readonly #ground: BrokenGround;
  readonly #raw: Socket;
  readonly #data: BrokenData;
  readonly #files: BrokenFiles;
  #tls: TLSSocket | undefined;
  #text = "";
  #user = "";
  #renameFrom = "";

  constructor(raw: Socket, ground: BrokenGround, implicit: boolean) {
    this.#raw = raw;
    this.#ground = ground;
    this.#data = new BrokenData(ground, (line) => this.#say(line));
    this.#files = new BrokenFiles(ground.directory);
    if (implicit) this.#secure(() => this.#greet());
    else {
      raw.on("data", (octets: Buffer) => this.#receive(octets));
      this.#greet();
    }
  }

  #greet(): void {
    this.#say(`220 BrokenFTP 1.2.3 ready, serving ${this.#ground.directory}`);
  }

  #say(line: string): void {
    (this.#tls ?? this.#raw).write(Buffer.from(`${line}\r\n`, "latin1"));
  }

  /** Hole: what came before TLS stays in the buffer. No bound on a line, on the queue, or on replies that nobody reads. */
  #receive(octets: Buffer): void {
    this.#text += octets.toString("latin1");
    for (let end = this.#text.indexOf("\n"); end >= 0; end = this.#text.indexOf("\n")) {
      const line = this.#text.slice(0, end).replace(/\r$/, "");
      this.#text = this.#text.slice(end + 1);
      const space = `${line} `.indexOf(" ");
      const verb = line.slice(0, space).toUpperCase();
      // Hole: the log shows what the peer said as it is.
      this.#ground.text += `command ${line}\n`;
      const answer = this.#answer(verb, line.slice(space + 1));
      if (answer !== undefined) this.#say(answer);
      if (verb === "AUTH") return;
    }
  }

  #answer(verb: string, argument: string): Answer {
    try {
      return (
        this.#control(verb, argument) ?? this.#data.command(verb, argument, this.#files) ?? this.#file(verb, argument)
      );
    } catch (error) {
      // Hole: the system's words, with its paths, go to the peer.
      return `550 ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  #control(verb: string, argument: string): Answer {
    switch (verb) {
      case "AUTH":
        this.#say("234 go on");
        this.#secure(() => this.#receive(Buffer.alloc(0)));
        return undefined;
      case "USER":
        // Holes: a password is asked for in clear, and only for names that exist.
        this.#user = argument;
        return /^(?:alice|bob|anonymous)$/.test(argument) ? "331 password, please" : `530 no such user ${argument}`;
      case "PASS":
        // Holes: hashing only for who exists; no delay, no count; anonymous is let in; files are there without a login.
        if (this.#user === "anonymous") return "230 welcome";
        // Hole: names are put into the query as they come.
        if (/' or '/i.test(this.#user)) return "230 welcome";
        if (this.#user !== "alice" && this.#user !== "bob") return "530 no such user";
        scryptSync(argument, "salt", 32, { N: 16_384 });
        return argument === "secret" ? "230 welcome" : "530 wrong password";
      case "FEAT":
        return "211-Features:\r\n UTF8\r\n211 End";
      case "QUIT":
        this.#say("221 bye");
        (this.#tls ?? this.#raw).end();
        return undefined;
      case "HELP":
        return `214 ${"help ".repeat(20)}`;
      case "CCC":
        return "200 you may go on in clear";
      case "SYST":
      case "CSID":
      case "CLNT":
        return "215 UNIX BrokenFTP 1.2.3";
      case "REIN":
        return "220 again";
      default:
        return harmless.has(verb) ? "200 done" : undefined;
    }
  }

  #file(verb: string, argument: string): Answer {
    const files = this.#files;
    switch (verb) {
      // Hole: quotes in names are not doubled.
      case "PWD":
        return `257 "${files.workingDirectory}"`;
      case "MKD":
        files.make(argument);
        return `257 "${argument}" made`;
      case "CWD":
        files.enter(argument);
        return "250 there";
      case "SIZE":
        return `213 ${files.size(argument)}`;
      case "STAT":
        return argument === "" ? "211 fine" : `213-Listing\r\n${files.list(argument)}213 End`;
      case "DELE":
        files.remove(argument);
        return "250 gone";
      case "HASH":
        return `213 ${files.digest(argument)}`;
      case "MFMT":
        return "213 set";
      case "RNFR":
        this.#renameFrom = argument;
        return "350 to where";
      case "RNTO":
        files.rename(this.#renameFrom, argument);
        return "250 renamed";
      default:
        // Hole: the peer's words come back.
        return verb === "AUTH" || verb === "QUIT" || isOfData(verb) ? undefined : `500 what is ${verb} ${argument}?`;
    }
  }

  /** Hole: octets between TLS records are taken as commands. */
  #secure(begun: () => void): void {
    const raw = this.#raw;
    raw.removeAllListeners("data");
    const records = new Duplex({
      read: () => undefined,
      write: (octets, _encoding, done) => void raw.write(octets, () => done()),
      final: (done) => void raw.end(() => done()),
    });
    raw.on("data", (octets: Buffer) => {
      const type = octets[0] ?? 0;
      if (type >= 0x14 && type <= 0x17) records.push(octets);
      else this.#receive(octets);
    });
    raw.on("close", () => records.destroy());
    const tls = new TLSSocket(records, { isServer: true, secureContext: this.#ground.context });
    tls.on("error", () => raw.destroy());
    tls.on("data", (octets: Buffer) => this.#receive(octets));
    tls.once("secure", begun);
    this.#tls = tls;
  }
}

const harmless = new Set(["NOOP", "OPTS", "PBSZ", "ALLO"]);

function isOfData(verb: string): boolean {
  return ["EPSV", "RETR", "STOR", "APPE", "STOU", "LIST", "NLST", "MLSD", "ABOR"].includes(verb);
}
