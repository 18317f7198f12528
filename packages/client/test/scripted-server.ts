import { once } from "node:events";
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { createSecureContext, TLSSocket, type TlsOptions } from "node:tls";

/** One control connection of the scripted server. */
export interface ScriptedLogin {
  /** Carries the dialogue: TLS once AUTH has put it in between. */
  readonly control: Socket;
  /** The TCP connection below it. */
  readonly tcp: Socket;
  reply(line: string): void;
  /** The data connection, once it is there; TLS after PROT P. */
  data(): Promise<Socket>;
  /** The TCP connection below it. */
  dataTcp(): Promise<Socket>;
  /** Where EPSV, PASV, EPRT and PORT lead; a handler may set up another. */
  listen(): Promise<number>;
  dial(port: number): void;
  readonly lastArgument: string;
}

export type Handler = (login: ScriptedLogin, argument: string) => string | void | Promise<string | void>;

export interface ScriptedOptions {
  /** What the server shows after AUTH TLS, or from the first octet; without it there is no TLS. */
  readonly tls?: TlsOptions;
  /** What it shows on data connections instead. */
  readonly dataTls?: TlsOptions;
  readonly implicit?: boolean;
}

export interface ScriptedServer extends AsyncDisposable {
  readonly port: number;
  /** Every command line of every control connection. */
  readonly heard: readonly string[];
  /** Those that came outside TLS. */
  readonly heardInClear: readonly string[];
  /** Control connections so far. */
  readonly loginsCount: number;
  cut(): void;
}

const content = Buffer.from("content of a file\r\n");

/**
 * An FTP server whose commands answer as a test wants; what it says nothing about is answered well. TLS starts after a
 * reply 234 to AUTH, whoever gave it.
 */
export async function startScriptedServer(
  handlers: Readonly<Record<string, Handler>> = {},
  options: ScriptedOptions = {},
): Promise<ScriptedServer> {
  const heard: string[] = [];
  const heardInClear: string[] = [];
  const sockets = new Set<Socket>();
  let loginsCount = 0;
  const rows: Record<string, Handler> = { ...usual, ...(options.tls && { AUTH: () => "234 go on" }), ...handlers };
  const server = createServer((tcp) => {
    loginsCount++;
    serve(tcp, { rows, heard, heardInClear, sockets, options });
  });
  const port = await listening(server);
  return {
    port,
    heard,
    heardInClear,
    get loginsCount() {
      return loginsCount;
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

const usual: Readonly<Record<string, Handler>> = {
  GREETING: () => "220 ready",
  USER: () => "331 password",
  PASS: () => "230 in",
  FEAT: () => "211-Features\r\n MLST type*;size*;\r\n SIZE\r\n REST STREAM\r\n UTF8\r\n211 End",
  PWD: () => '257 "/"',
  EPSV: async (login) => `229 Extended (|||${await login.listen()}|)`,
  PASV: async (login) => {
    const port = await login.listen();
    return `227 Passive (127,0,0,1,${port >> 8},${port & 255})`;
  },
  EPRT: (login, argument) => {
    login.dial(Number(argument.split("|")[3]));
    return "200 ok";
  },
  PORT: (login, argument) => {
    const [, , , , high = 0, low = 0] = argument.split(",").map(Number);
    login.dial(high * 256 + low);
    return "200 ok";
  },
  SIZE: () => `213 ${content.length}`,
  REST: () => "350 go on",
  RNFR: () => "350 go on",
  RETR: async (login) => {
    login.reply("150 coming");
    (await login.data()).end(content);
    return "226 done";
  },
  MLSD: async (login) => {
    login.reply("150 coming");
    (await login.data()).end("type=file;size=19; file\r\n");
    return "226 done";
  },
  STOR: async (login) => {
    login.reply("150 send");
    const data = await login.data();
    data.resume();
    await once(data, "end");
    data.end();
    return "226 stored";
  },
  QUIT: (login) => {
    login.control.end("221 bye\r\n");
  },
};

interface Serving {
  readonly rows: Readonly<Record<string, Handler>>;
  readonly heard: string[];
  readonly heardInClear: string[];
  readonly sockets: Set<Socket>;
  readonly options: ScriptedOptions;
}

function serve(tcp: Socket, { rows, heard, heardInClear, sockets, options }: Serving): void {
  const keep = <S extends Socket>(socket: S): S => {
    sockets.add(socket);
    return socket.on("error", () => {}).once("close", () => sockets.delete(socket));
  };
  const context = options.tls && createSecureContext(options.tls);
  const dataContext = options.dataTls === undefined ? context : createSecureContext(options.dataTls);
  let control: Socket = keep(tcp);
  tcp.setNoDelay();
  let data = Promise.withResolvers<Socket>();
  let protectedData: Promise<Socket> | undefined;
  const expectData = (): PromiseWithResolvers<Socket> => {
    protectedData = undefined;
    data = Promise.withResolvers<Socket>();
    return data;
  };
  let protectsData = options.implicit ?? false;
  const login = {
    get control() {
      return control;
    },
    tcp,
    lastArgument: "",
    reply: (line: string): void => void control.write(`${line}\r\n`),
    data: () => {
      if (!protectsData) return data.promise;
      protectedData ??= data.promise.then((socket) => keep(secured(socket, { secureContext: dataContext })));
      return protectedData;
    },
    dataTcp: () => data.promise,
    listen: () => {
      const { resolve } = expectData();
      const listener = createServer({ allowHalfOpen: true }, (socket) => {
        keep(socket);
        listener.close();
        resolve(socket);
      });
      // Where nobody comes it must not keep the process.
      return listening(listener.unref());
    },
    dial: (port: number): void => expectData().resolve(keep(connect(port, "127.0.0.1"))),
  };
  const answer = async (verb: string, argument: string): Promise<void> => {
    login.lastArgument = argument;
    const reply = await (rows[verb] ?? (() => "200 ok"))(login, argument);
    if (typeof reply === "string" && !control.destroyed) login.reply(reply);
    if (verb === "PROT") protectsData = argument === "P";
    if (verb === "AUTH" && typeof reply === "string" && reply.startsWith("234")) startTls();
  };
  let rest = "";
  const read = (octets: Buffer): void => {
    const lines = (rest + octets.toString("latin1")).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      heard.push(line);
      if (control === tcp) heardInClear.push(line);
      const [verb = "", argument = ""] = line.split(/ (.*)/s);
      // ABOR does not wait for the transfer before it.
      if (verb.toUpperCase() === "ABOR") void answer("ABOR", argument);
      else turn = turn.then(() => answer(verb.toUpperCase(), argument));
    }
  };
  const startTls = (): void => {
    tcp.off("data", read);
    control = keep(secured(tcp, { secureContext: context })).on("data", read);
  };
  if (options.implicit) startTls();
  else tcp.on("data", read);
  let turn = answer("GREETING", "");
}

/** TLS over streams, so that the TCP connection below stays at hand for cuts. */
function secured(tcp: Socket, options: { readonly secureContext: TlsOptions["secureContext"] }): TLSSocket {
  const below = new Duplex({
    read: () => {},
    write: (octets, _encoding, done) => void tcp.write(octets, () => done()),
    final: (done) => void tcp.end(() => done()),
    destroy: (error, done) => {
      tcp.destroy();
      done(error);
    },
  });
  below.on("error", () => {});
  tcp
    .on("data", (octets) => below.push(octets))
    .once("end", () => below.push(null))
    .once("close", () => below.destroy());
  return new TLSSocket(below, { ...options, isServer: true });
}

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
