import { once } from "node:events";
import * as net from "node:net";
import * as tls from "node:tls";
import type { ProgramEnd, TrialVisit } from "@sallyport/inspector";

/** What a scripted client does wrong; without any it does all that a client should. */
export interface ClientFaults {
  readonly logsInFirst?: boolean;
  readonly goesOnInClear?: boolean;
  readonly ignoresCertificates?: boolean;
  readonly believesInjected?: boolean;
  readonly asksForClearData?: boolean;
  readonly goesOnWithoutProtection?: boolean;
  readonly ignoresDataCertificate?: boolean;
  readonly followsAddress?: boolean;
  readonly takesHalf?: boolean;
  readonly forgetsTickets?: boolean;
  readonly takesOldTls?: boolean;
}

/** Fetches the file of a trial and ends with 0 where it believes that it has it. */
export async function runFaultyClient(faults: ClientFaults, ca: string, visit: TrialVisit): Promise<ProgramEnd> {
  try {
    await new FaultyClient(faults, ca, visit).fetch();
    return { exitCode: 0, isTimedOut: false, said: "" };
  } catch (error) {
    return { exitCode: 1, isTimedOut: false, said: String(error) };
  }
}

class FaultyClient {
  readonly #faults: ClientFaults;
  readonly #ca: string;
  readonly #visit: TrialVisit;
  #stream: net.Socket | undefined;
  #pending = "";
  readonly #replies: string[] = [];
  #wake: () => void = () => {};
  #session: Buffer | undefined;

  constructor(faults: ClientFaults, ca: string, visit: TrialVisit) {
    this.#faults = faults;
    this.#ca = ca;
    this.#visit = visit;
  }

  async fetch(): Promise<void> {
    const { mode, port, user, password, file } = this.#visit;
    const tcp = net.connect({ host: "127.0.0.1", port });
    tcp.setTimeout(8000, () => tcp.destroy());
    try {
      await once(tcp, "connect");
      this.#listen(tcp);
      const isSecured = mode === "implicit" ? await this.#secure(tcp) : await this.#asked(tcp);
      if (mode === "implicit") await this.#reply();
      await this.#say(`USER ${user}`, "3");
      await this.#say(`PASS ${password}`, "2");
      const isPrivate = isSecured && (await this.#protect());
      await this.#retrieve(file, isPrivate);
      await this.#say("QUIT", "2");
      this.#stream?.end();
    } finally {
      this.#stream?.destroy();
      tcp.destroy();
    }
  }

  async #asked(tcp: net.Socket): Promise<boolean> {
    await this.#reply();
    if (this.#faults.logsInFirst === true) {
      await this.#say(`USER ${this.#visit.user}`, "3");
      await this.#say(`PASS ${this.#visit.password}`, "2");
    }
    if (!(await this.#ask("AUTH TLS")).startsWith("234")) {
      if (this.#faults.goesOnInClear === true) return false;
      throw new Error("the server has no TLS");
    }
    if (this.#replies.length > 0 && this.#faults.believesInjected !== true) throw new Error("a reply behind the 234");
    return this.#secure(tcp);
  }

  async #secure(tcp: net.Socket): Promise<boolean> {
    tcp.removeAllListeners("data");
    const { ignoresCertificates, takesOldTls } = this.#faults;
    const inside = tls.connect({
      ...{ socket: tcp, host: "localhost", servername: "localhost", ca: this.#ca },
      rejectUnauthorized: ignoresCertificates !== true,
      ...(takesOldTls === true && { minVersion: "TLSv1", ciphers: "DEFAULT:@SECLEVEL=0" }),
    });
    inside.on("session", (session: Buffer) => (this.#session = session));
    await until(inside, "secureConnect");
    this.#listen(inside);
    return true;
  }

  async #protect(): Promise<boolean> {
    await this.#say("PBSZ 0", "2");
    const { asksForClearData, goesOnWithoutProtection } = this.#faults;
    const answer = await this.#ask(asksForClearData === true ? "PROT C" : "PROT P");
    if (!answer.startsWith("2") && goesOnWithoutProtection !== true) throw new Error("PROT P is refused");
    return answer.startsWith("2") && asksForClearData !== true;
  }

  async #retrieve(file: string, isPrivate: boolean): Promise<void> {
    const numbers =
      /\((\d+),(\d+),(\d+),(\d+),(\d+),(\d+)\)/
        .exec(await this.#say("PASV", "2"))
        ?.slice(1)
        .map(Number) ?? [];
    const [high = 0, low = 0] = numbers.slice(4);
    const host = this.#faults.followsAddress === true ? numbers.slice(0, 4).join(".") : "127.0.0.1";
    const tcp = net.connect({ host, port: high * 256 + low });
    await until(tcp, "connect");
    await this.#say(`RETR ${file}`, "1");
    const data = isPrivate ? this.#dataTls(tcp) : tcp;
    if (isPrivate) await until(data, "secureConnect");
    let bytes = 0;
    for await (const octets of data) bytes += (octets as Buffer).length;
    data.destroy();
    // The size is known, which does for close_notify here.
    if (bytes !== 65_536 && this.#faults.takesHalf !== true) throw new Error(`only ${bytes} octets came`);
    await this.#reply();
  }

  #dataTls(tcp: net.Socket): tls.TLSSocket {
    const { ignoresCertificates, ignoresDataCertificate, forgetsTickets, takesOldTls } = this.#faults;
    return tls.connect({
      ...{ socket: tcp, host: "localhost", servername: "localhost", ca: this.#ca },
      rejectUnauthorized: ignoresCertificates !== true && ignoresDataCertificate !== true,
      ...(forgetsTickets !== true && this.#session !== undefined && { session: this.#session }),
      ...(takesOldTls === true && { minVersion: "TLSv1", ciphers: "DEFAULT:@SECLEVEL=0" }),
    });
  }

  #listen(stream: net.Socket): void {
    this.#stream = stream;
    this.#pending = "";
    stream.on("error", () => {}).on("close", () => this.#wake());
    stream.on("data", (octets: Buffer) => {
      this.#pending += octets.toString("latin1");
      const lines = this.#pending.split("\r\n");
      this.#pending = lines.pop() ?? "";
      this.#replies.push(...lines.filter((line) => /^\d{3} /.test(line)));
      this.#wake();
    });
  }

  async #say(command: string, expected: string): Promise<string> {
    const reply = await this.#ask(command);
    // Whoever is logged in already needs no password.
    if (!reply.startsWith(expected) && !reply.startsWith("2")) throw new Error(`${command}: ${reply}`);
    return reply;
  }

  async #ask(command: string): Promise<string> {
    this.#stream?.write(`${command}\r\n`);
    return this.#reply();
  }

  async #reply(): Promise<string> {
    while (this.#replies.length === 0) {
      if (this.#stream?.destroyed === true) throw new Error("the server left");
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#replies.shift() ?? "";
  }
}

async function until(socket: net.Socket, event: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once(event, () => resolve()).once("error", reject);
    socket.once("close", () => reject(new Error("the server left")));
  });
}
