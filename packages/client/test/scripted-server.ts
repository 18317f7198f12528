import { once } from "node:events";
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";

/** One control connection of the scripted server. */
export interface ScriptedLogin {
  readonly control: Socket;
  reply(line: string): void;
  /** The data connection, once it is there. */
  data(): Promise<Socket>;
  /** Where EPSV, PASV, EPRT and PORT lead; a handler may set up another. */
  listen(): Promise<number>;
  dial(port: number): void;
  readonly lastArgument: string;
}

export type Handler = (login: ScriptedLogin, argument: string) => string | void | Promise<string | void>;

export interface ScriptedServer extends AsyncDisposable {
  readonly port: number;
  /** Every command line of every control connection. */
  readonly heard: readonly string[];
  /** Control connections so far. */
  readonly loginsCount: number;
  cut(): void;
}

const content = Buffer.from("content of a file\r\n");

/** A plain FTP server whose commands answer as a test wants; what it says nothing about is answered well. */
export async function startScriptedServer(handlers: Readonly<Record<string, Handler>> = {}): Promise<ScriptedServer> {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  let loginsCount = 0;
  const rows: Record<string, Handler> = { ...usual, ...handlers };
  const server = createServer((control) => {
    loginsCount++;
    serve(control, rows, heard, sockets);
  });
  const port = await listening(server);
  return {
    port,
    heard,
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

function serve(control: Socket, rows: Readonly<Record<string, Handler>>, heard: string[], sockets: Set<Socket>): void {
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
  };
  keep(control);
  control.setNoDelay();
  let data = Promise.withResolvers<Socket>();
  const login = {
    control,
    lastArgument: "",
    reply: (line: string): void => void control.write(`${line}\r\n`),
    data: () => data.promise,
    listen: () => {
      data = Promise.withResolvers<Socket>();
      const { resolve } = data;
      const listener = createServer((socket) => {
        keep(socket);
        listener.close();
        resolve(socket);
      });
      return listening(listener);
    },
    dial: (port: number): void => {
      data = Promise.withResolvers<Socket>();
      const socket = connect(port, "127.0.0.1");
      keep(socket);
      data.resolve(socket);
    },
  };
  const answer = async (verb: string, argument: string): Promise<void> => {
    login.lastArgument = argument;
    const reply = await (rows[verb] ?? (() => "200 ok"))(login, argument);
    if (typeof reply === "string" && !control.destroyed) login.reply(reply);
  };
  let rest = "";
  let turn = answer("GREETING", "");
  control.setEncoding("latin1").on("data", (text: string) => {
    const lines = (rest + text).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      heard.push(line);
      const [verb = "", argument = ""] = line.split(/ (.*)/s);
      // ABOR does not wait for the transfer before it.
      if (verb.toUpperCase() === "ABOR") void answer("ABOR", argument);
      else turn = turn.then(() => answer(verb.toUpperCase(), argument));
    }
  });
}

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
