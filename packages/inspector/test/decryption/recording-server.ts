import { once } from "node:events";
import * as net from "node:net";
import * as tls from "node:tls";
import { WireTap } from "@sallyport/transport";
import { Capture, type CapturedConnection } from "../../src/capture/capture.ts";

/** One TLS connection as it went over the wire, with the keys of its server. */
export interface RecordedConnection {
  /** In the order in which it was seen. */
  readonly chunks: readonly { readonly sender: "client" | "server"; readonly octets: Buffer }[];
  readonly keyLog: readonly string[];
  /** The client's port, which tells the connection in the capture. */
  readonly clientPort: number;
}

export interface RecordingServer extends AsyncDisposable {
  readonly port: number;
  readonly capture: Capture;
  /** Those with octets on them, the oldest first. */
  readonly connections: readonly RecordedConnection[];
}

/** Starts a small FTP server with TLS from the first octet on all its connections, every octet of which is kept. */
export async function startRecordingServer(options: tls.TlsOptions): Promise<RecordingServer> {
  const capture = new Capture();
  const connections: MutableConnection[] = [];
  const sockets = new Set<net.Socket>();
  const servers: net.Server[] = [];
  const secureContext = tls.createSecureContext(options);
  const listening = async (serve: (socket: tls.TLSSocket) => void): Promise<number> => {
    const server = net.createServer((tcp) => {
      sockets.add(tcp);
      const secured = record(tcp, { ...options, secureContext }, capture, connections);
      secured.on("error", () => tcp.destroy()).once("secure", () => serve(secured));
    });
    servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return portOf(server);
  };
  const port = await listening((socket) => converse(socket, listening));
  return {
    ...{ port, capture },
    get connections() {
      return connections.filter(({ chunks }) => chunks.length > 0);
    },
    async [Symbol.asyncDispose]() {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface MutableConnection extends RecordedConnection {
  readonly chunks: { readonly sender: "client" | "server"; readonly octets: Buffer }[];
  readonly keyLog: string[];
}

function record(
  tcp: net.Socket,
  options: tls.TLSSocketOptions,
  capture: Capture,
  connections: MutableConnection[],
): tls.TLSSocket {
  const clientPort = tcp.remotePort ?? 0;
  const connection: MutableConnection = { chunks: [], keyLog: [], clientPort };
  connections.push(connection);
  const client = { address: "127.0.0.1", port: clientPort };
  const captured = capture.connection(client, { address: "127.0.0.1", port: tcp.localPort ?? 0 });
  const secured = new tls.TLSSocket(new WireTap(tcp, seenFromTheServer(captured, connection)), {
    ...options,
    isServer: true,
  });
  secured.on("keylog", (line: Buffer) => {
    connection.keyLog.push(line.toString("latin1"));
    captured.learnKey(line.toString("latin1"));
  });
  return secured;
}

/** A capture takes what its client receives and sends; a server's tap tells it the other way round. */
function seenFromTheServer(captured: CapturedConnection, { chunks }: MutableConnection) {
  return {
    received: (octets: Uint8Array) => {
      chunks.push({ sender: "client", octets: Buffer.from(octets) });
      captured.sent(octets);
    },
    sent: (octets: Uint8Array) => {
      chunks.push({ sender: "server", octets: Buffer.from(octets) });
      captured.received(octets);
    },
    peerFinished: () => captured.finished(),
    finished: () => captured.peerFinished(),
    failed: () => captured.failed(),
  };
}

const replies: Readonly<Record<string, string>> = {
  USER: "331 password",
  PASS: "230 in",
  PBSZ: "200 PBSZ=0",
  PROT: "200 private",
  TYPE: "200 type",
  PWD: '257 "/" is here',
  CWD: "250 there",
  SYST: "215 UNIX Type: L8",
  OPTS: "200 yes",
  NOOP: "200 still here",
  FEAT: "211-Extensions:\r\n EPSV\r\n MLST type*;size*;modify*;\r\n PBSZ\r\n PROT\r\n UTF8\r\n211 End",
};
const listing = "type=file;size=5;modify=20260101000000; hello.txt\r\n";

function converse(socket: tls.TLSSocket, listening: (serve: (socket: tls.TLSSocket) => void) => Promise<number>): void {
  let pending = "";
  let data: Promise<tls.TLSSocket> | undefined;
  const say = (line: string) => void socket.write(`${line}\r\n`);
  const passive = async (answer: (port: number) => string) => {
    const { promise, resolve } = Promise.withResolvers<tls.TLSSocket>();
    data = promise;
    say(answer(await listening(resolve)));
  };
  const take = (line: string): void => {
    const verb = line.split(" ")[0]?.toUpperCase() ?? "";
    if (verb === "EPSV") return void passive((port) => `229 Extended (|||${port}|)`);
    if (verb === "PASV") return void passive((port) => `227 (127,0,0,1,${port >> 8},${port & 255})`);
    if (verb === "LIST" || verb === "MLSD" || verb === "NLST") {
      say("150 here it comes");
      return void data?.then((stream) => {
        stream.end(verb === "MLSD" ? listing : "-rw-r--r-- 1 a a 5 Jan  1 00:00 hello.txt\r\n", () => say("226 done"));
        stream.resume();
      });
    }
    if (verb === "QUIT") return void socket.end("221 bye\r\n");
    say(replies[verb] ?? "500 unknown");
  };
  socket.on("data", (octets: Buffer) => {
    const lines = (pending + octets.toString("latin1")).split("\r\n");
    pending = lines.pop() ?? "";
    lines.forEach(take);
  });
  say("220 ready");
}

function portOf(server: net.Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen on a port");
  return address.port;
}
