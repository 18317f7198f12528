import { once } from "node:events";
import * as net from "node:net";
import { Duplex } from "node:stream";
import * as tls from "node:tls";
import { parseClientHello } from "@sallyport/protocol";

/** How a scripted server differs from a sound one. Lines are looked up whole, then by their verb. */
export interface Faults {
  readonly tls: tls.TlsOptions;
  readonly greeting?: string;
  /** Answers in clear, and those inside TLS, without line end; an empty one is silence. */
  readonly clear?: Readonly<Record<string, string>>;
  readonly inside?: Readonly<Record<string, string>>;
  /** What follows AUTH TLS in the same segment is answered inside TLS. */
  readonly obeysInjection?: boolean;
  /** A first octet that is not TLS's brings the dialogue in clear back. */
  readonly goesOnInClear?: boolean;
  /** Answers a ClientHello with octets of its own; undefined leaves it to TLS. */
  readonly helloAnswer?: (hello: Buffer) => Buffer | undefined;
  /** What follows such an answer, once the client has sent more; without it the connection ends behind the answer. */
  readonly afterFlight?: Buffer;
  /** An OCSP response for whoever asks for one. */
  readonly staple?: Buffer;
  /** Has no end to wrong passwords. */
  readonly allowsGuessing?: boolean;
  /** Waits for the end of lines that have none in sight. */
  readonly stallsOnLongLines?: boolean;
  /** Answers wrong commands without end. */
  readonly isPatient?: boolean;
  /** Is gone once somebody has sent a long line. */
  readonly diesOfLongLines?: boolean;
  /** Speaks FTP in clear on the implicit port. */
  readonly implicitInClear?: boolean;
  /** TLS of the implicit port, where it is another. */
  readonly implicitTls?: tls.TlsOptions;
  readonly data?: DataFaults;
}

export interface DataFaults {
  /** TLS of data connections, where it is another. */
  readonly tls?: tls.TlsOptions;
  readonly resumption?: "demanded" | "offered" | "absent";
  readonly clear?: "refused" | "taken";
  /** Tells ports one behind the other, where nothing listens. */
  readonly portsInRow?: boolean;
  /** Any login's ticket resumes on any data connection. */
  readonly sharesTickets?: boolean;
  /** Breaks every data connection off behind its handshake. */
  readonly breaksOff?: boolean;
  /** Sends a listing that has no end, and says nothing of it afterwards. */
  readonly isEndless?: boolean;
  /** Ends TLS by FIN alone. */
  readonly withoutCloseNotify?: boolean;
  /** Takes a data connection from anywhere. */
  readonly takesStrangers?: boolean;
  /** Says 226 whether or not anybody took the data. */
  readonly callsAllComplete?: boolean;
  /** Connects where PORT says. */
  readonly isSentAnywhere?: boolean;
}

export interface FaultyServer extends AsyncDisposable {
  readonly ports: { readonly explicit: number; readonly implicit: number };
}

/** Starts a small FTP server in both modes of TLS on the loopback, with the faults that it is told to have. */
export async function startFaultyServer(
  faults: Faults,
  at: { readonly address: string; readonly port?: number } = { address: "127.0.0.1" },
): Promise<FaultyServer> {
  const sockets = new Set<net.Socket>();
  const servers: net.Server[] = [];
  const guesses = { count: 0 };
  const listening = async (serve: (socket: net.Socket) => void, port = 0) => {
    const server = net.createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {}).once("close", () => sockets.delete(socket));
      serve(socket);
    });
    servers.push(server);
    server.listen(port, at.address);
    await once(server, "listening");
    return server;
  };
  const everybodys = contextsOf(faults);
  // Tickets of a context open nothing of another: one for each control connection binds its data connections to it.
  const shared = (): Shared => ({
    faults,
    contexts: faults.data?.sharesTickets === true ? everybodys : contextsOf(faults),
    listening,
    stapling: staplingServer(faults.staple),
    state: guesses,
  });
  const explicit = await listening((socket) => new Dialogue(shared(), socket, "clear").greet(), at.port);
  const implicit = await listening((socket) => {
    const own = faults.implicitTls
      ? { ...shared(), contexts: contextsOf({ ...faults, tls: faults.implicitTls }) }
      : shared();
    if (faults.implicitInClear === true) new Dialogue(own, socket, "clear").greet();
    else void secure(own, socket).then((stream) => stream && new Dialogue(own, stream, "inside").greet());
  });
  return {
    ports: { explicit: portOf(explicit), implicit: portOf(implicit) },
    async [Symbol.asyncDispose]() {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface Shared {
  readonly faults: Faults;
  readonly contexts: { readonly control: tls.SecureContext; readonly data: tls.SecureContext };
  listening(serve: (socket: net.Socket) => void): Promise<net.Server>;
  readonly stapling: tls.Server | undefined;
  /** Of the whole server. */
  readonly state: { count: number };
}

/** Node asks for OCSP responses on an object of this kind alone. */
function staplingServer(staple: Buffer | undefined): tls.Server | undefined {
  if (staple === undefined) return undefined;
  return tls.createServer().on("OCSPRequest", (_certificate, _issuer, answer) => answer(null, staple));
}

/** Each is made when it is asked for: most connections need none, or the one. */
function contextsOf({ tls: options, data }: Faults): Shared["contexts"] {
  let control: tls.SecureContext | undefined;
  let own: tls.SecureContext | undefined;
  const isOwn = data?.tls !== undefined || data?.resumption === "absent";
  return {
    get control() {
      return (control ??= tls.createSecureContext(options));
    },
    get data() {
      return isOwn ? (own ??= tls.createSecureContext(data.tls ?? options)) : this.control;
    },
  };
}

/** The replies of a sound server, by verb. */
const soundReplies: Readonly<Record<"clear" | "inside", Readonly<Record<string, string>>>> = {
  clear: {
    FEAT: "211-Extensions:\r\n AUTH TLS\r\n211 End",
    "AUTH TLS": "234 proceed",
    AUTH: "504 unknown",
    USER: "530 TLS first",
  },
  inside: {
    FEAT: "211-Extensions:\r\n UTF8\r\n MLST\r\n SIZE\r\n MDTM\r\n REST STREAM\r\n EPSV\r\n PBSZ\r\n PROT\r\n211 End",
    ...{
      PBSZ: "200 ok",
      PROT: "200 ok",
      SYST: "215 UNIX Type: L8",
      AUTH: "503 TLS already",
      CCC: "534 no",
      REIN: "502 no",
      OPTS: "200 ok",
      MLST: "250-Facts:\r\n type=dir; .\r\n250 End",
      SIZE: "550 no such file",
      MDTM: "550 no such file",
      REST: "350 go on",
      TYPE: "200 ok",
      ABOR: "226 ok",
      DELE: "250 gone",
      SITE: "501 what?",
    },
    ...{
      USER: "331 password",
      PASS: "230 welcome",
      "USER anonymous": "530 no",
      PORT: "504 no",
      EPRT: "522 no",
      NOOP: "200 ok",
      QUIT: "221 bye",
    },
  },
};

/** One control connection. */
class Dialogue {
  readonly #shared: Shared;
  readonly #stream: Duplex;
  readonly #layer: "clear" | "inside";
  #pending = "";
  #isPrivate = false;
  #told = 0;
  #accepted: Promise<net.Socket> | undefined;
  #isExtendedOnly = false;
  #named = "";
  #wrong = 0;

  constructor(shared: Shared, stream: Duplex, layer: "clear" | "inside") {
    this.#shared = shared;
    this.#stream = stream;
    this.#layer = layer;
    stream.on("error", () => {}).on("data", this.#onData);
  }

  greet(): void {
    this.say(this.#shared.faults.greeting ?? "220 ready");
  }

  say(reply: string): void {
    if (reply !== "" && this.#stream.writable) this.#stream.write(`${reply}\r\n`, "latin1");
  }

  take(line: string): void {
    void this.#answer(line);
  }

  readonly #onData = (octets: Buffer) => {
    this.#pending += octets.toString("latin1");
    if (this.#pending.length > longLineBytes) {
      const { stallsOnLongLines, diesOfLongLines } = this.#shared.faults;
      this.#shared.state.count += diesOfLongLines === true ? Infinity : 0;
      if (stallsOnLongLines === true) return;
    }
    for (let end = this.#pending.indexOf("\r\n"); end >= 0; end = this.#pending.indexOf("\r\n")) {
      const line = this.#pending.slice(0, end);
      this.#pending = this.#pending.slice(end + 2);
      if (this.#layer === "clear" && this.#isAccepted(line)) return this.#turnToTls(line);
      void this.#answer(line);
    }
  };

  #isAccepted(line: string): boolean {
    return /^AUTH/i.test(line) && this.#replyTo(line.toUpperCase()).startsWith("234");
  }

  #turnToTls(line: string): void {
    const { faults } = this.#shared;
    const smuggled = this.#pending;
    this.#pending = "";
    this.#stream.off("data", this.#onData);
    this.say(this.#replyTo(line.toUpperCase()));
    if (smuggled !== "" && faults.obeysInjection !== true) return void this.#stream.destroy();
    void secure(this.#shared, this.#stream, (first) => {
      this.#stream.on("data", this.#onData);
      this.#onData(first);
    }).then((stream) => {
      if (!stream) return;
      const inside = new Dialogue(this.#shared, stream, "inside");
      for (const rest of smuggled.split("\r\n").filter((text) => text !== "")) inside.take(rest);
    });
  }

  async #answer(line: string): Promise<void> {
    const verb = line.split(" ", 1)[0] ?? "";
    const isDefault = this.#own(line) === undefined;
    if (verb === "USER") this.#named = line;
    if (this.#layer === "inside" && isDefault && verb === "PROT") this.#isPrivate = line === "PROT P";
    if (line === "EPSV ALL") this.#isExtendedOnly = true;
    if (line === "EPSV ALL") return this.say("200 ok");
    if (verb === "PASV" && this.#isExtendedOnly) return this.say("501 EPSV only");
    if (verb === "PASS" && this.#named.startsWith("USER sallyport")) return this.#refuseGuess();
    if (this.#layer === "inside" && isDefault && (verb === "EPSV" || verb === "PASV")) return this.#listen(verb);
    if (this.#layer === "inside" && isDefault && (verb === "LIST" || verb === "RETR")) return this.#list(verb);
    if (this.#layer === "inside" && isDefault && verb === "STOR") return this.#store();
    if (verb === "PORT" && this.#shared.faults.data?.isSentAnywhere === true) this.#connect(line);
    const reply = this.#replyTo(line);
    this.say(reply);
    const isWrong = reply === whatReply && this.#shared.faults.isPatient !== true;
    if (verb === "QUIT" || (isWrong && ++this.#wrong > wrongMax)) this.#stream.end();
  }

  #refuseGuess(): void {
    const isEnough = ++this.#shared.state.count >= 3 && this.#shared.faults.allowsGuessing !== true;
    this.say(isEnough ? "421 enough" : "530 no");
    if (isEnough) this.#stream.end();
  }

  #connect(line: string): void {
    const [a, b, c, d, high = "0", low = "0"] = line.slice("PORT ".length).split(",");
    const socket = net.connect({ host: `${a}.${b}.${c}.${d}`, port: Number(high) * 256 + Number(low), timeout: 500 });
    socket.on("error", () => {}).on("timeout", () => socket.destroy());
  }

  #own(line: string): string | undefined {
    const own = this.#shared.faults[this.#layer];
    return own?.[line] ?? own?.[line.split(" ", 1)[0] ?? ""];
  }

  #replyTo(line: string): string {
    const sound = soundReplies[this.#layer];
    return this.#own(line) ?? sound[line] ?? sound[line.split(" ", 1)[0] ?? ""] ?? whatReply;
  }

  async #listen(verb: "EPSV" | "PASV"): Promise<void> {
    if (this.#shared.faults.data?.portsInRow === true) return this.say(`229 (|||${10 + this.#told++}|)`);
    let take = (_socket: net.Socket): void => {};
    this.#accepted = new Promise((resolve) => (take = resolve));
    const server = await this.#shared.listening((socket) => {
      const isClient = socket.remoteAddress === socket.localAddress;
      if (!isClient && this.#shared.faults.data?.takesStrangers !== true) return socket.destroy();
      server.close();
      take(socket);
    });
    const port = portOf(server);
    const told = verb === "EPSV" ? `229 (|||${port}|)` : `227 (127,0,0,1,${port >> 8},${port & 255})`;
    this.say(told);
  }

  async #list(verb: "LIST" | "RETR"): Promise<void> {
    const { faults } = this.#shared;
    const { clear = "refused", withoutCloseNotify = false, callsAllComplete = false } = faults.data ?? {};
    if (!this.#isPrivate && clear === "refused") return this.say("521 PROT P first");
    const socket = await this.#accepted;
    if (socket === undefined) return this.say("425 EPSV first");
    this.say("150 here");
    if (!this.#isPrivate) {
      socket.end("-rw-r--r-- 1 a a 1 Jan 1 2026 file\r\n");
      return this.say("226 done");
    }
    const stream = await this.#secureData(socket);
    if (stream === undefined) return this.say(callsAllComplete ? "226 done" : "522 resume");
    if (faults.data?.isEndless === true) return pour(stream);
    stream.write(verb === "LIST" ? "-rw-r--r-- 1 a a 1 Jan 1 2026 file\r\n" : "", () => {
      if (withoutCloseNotify) socket.end();
      else stream.end();
      this.say("226 done");
    });
  }

  /** The only upload of any octet that an inspection makes is one that is cut. */
  async #store(): Promise<void> {
    const socket = await this.#accepted;
    if (socket === undefined) return this.say("425 EPSV first");
    this.say("150 go on");
    const stream = await this.#secureData(socket);
    if (stream === undefined) return this.say("522 resume");
    let isEmpty = true;
    stream.on("data", () => (isEmpty = false));
    await Promise.race([once(stream, "end"), once(stream, "close"), once(socket, "close")]).catch(() => {});
    stream.destroy();
    this.say(isEmpty || this.#shared.faults.data?.callsAllComplete === true ? "226 done" : "426 cut");
  }

  /** Undefined where the peer went, or does not resume what it has to. */
  async #secureData(socket: net.Socket): Promise<tls.TLSSocket | undefined> {
    const { faults, contexts } = this.#shared;
    const stream = new tls.TLSSocket(socket, { isServer: true, secureContext: contexts.data });
    stream.on("error", () => {});
    const isSecure = await Promise.race([once(stream, "secure"), once(stream, "close").then(() => undefined)]).catch(
      () => {},
    );
    const isDemanded = (faults.data?.resumption ?? "demanded") === "demanded";
    const isKept = isSecure !== undefined && faults.data?.breaksOff !== true;
    if (isKept && (!isDemanded || stream.isSessionReused())) return stream;
    stream.destroy();
    return undefined;
  }
}

/** TLS on a stream, unless a fault takes its first octets. */
async function secure(
  { faults, contexts, stapling, state }: Shared,
  socket: Duplex,
  goOn: (first: Buffer) => void = () => {},
): Promise<tls.TLSSocket | undefined> {
  const first = await firstFlight(socket);
  if (first === undefined || state.count === Infinity) return void socket.destroy();
  if (first[0] !== 0x16 && first[0] !== 0x80 && faults.goesOnInClear === true) return void goOn(first);
  const own = faults.helloAnswer?.(first);
  if (own !== undefined && faults.afterFlight === undefined) return void socket.end(own);
  if (own !== undefined) {
    socket.write(own);
    return void socket.once("data", () => socket.end(faults.afterFlight));
  }
  const { ALPNProtocols } = faults.tls;
  const stream = new tls.TLSSocket(withHead(socket, first), {
    isServer: true,
    secureContext: contexts.control,
    ...(stapling && { server: stapling }),
    ...(ALPNProtocols && { ALPNProtocols }),
    ...(faults.tls.requestCert === true && { requestCert: true, rejectUnauthorized: false }),
  });
  stream.on("error", () => socket.destroy());
  await Promise.race([once(stream, "secure"), once(stream, "close")]).catch(() => {});
  return stream.destroyed ? undefined : stream;
}

/** The first octets, and where those begin a ClientHello the whole of it, in however many segments it comes. */
async function firstFlight(socket: Duplex): Promise<Buffer | undefined> {
  let flight = Buffer.alloc(0);
  do {
    const [octets]: readonly Buffer[] = await once(socket, "data").catch(() => []);
    if (octets === undefined) return undefined;
    flight = Buffer.concat([flight, octets]);
  } while (parseClientHello(flight) === "incomplete");
  return flight;
}

/** Writes as long as somebody reads. */
function pour(stream: Duplex): void {
  const part = Buffer.from("-rw-r--r-- 1 a a 1 Jan 1 2026 file\r\n".repeat(1000));
  const more = () => {
    while (stream.writable && stream.write(part));
  };
  stream.on("drain", more);
  more();
}

/** Puts octets that were read too early back in front of the stream. */
function withHead(socket: Duplex, head: Buffer): Duplex {
  const stream = new Duplex({
    read: () => {},
    write: (octets, _encoding, done) => void socket.write(octets, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  stream.push(head);
  socket.on("data", (octets: Buffer) => stream.push(octets)).on("end", () => stream.push(null));
  return stream;
}

const whatReply = "500 what?";
const wrongMax = 20;
const longLineBytes = 10_000;

function portOf(server: net.Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
