import { once } from "node:events";
import * as net from "node:net";
import { Duplex } from "node:stream";
import * as tls from "node:tls";

/** How the scripted FTPS peer behaves; both of its ports are on the loopback. */
export interface PeerScript {
  readonly tls: tls.TlsOptions;
  /** Lines on connect on the explicit port; default `220 ready`. */
  readonly greeting?: string;
  /** Answer to AUTH TLS; anything but 234 keeps the connection in clear. */
  readonly authReply?: string;
  /** Sent in clear on the implicit port instead of TLS. */
  readonly clearOnImplicit?: string;
  /** Where the peer goes silent for good. */
  readonly stallAt?: "greeting" | "auth" | "handshake" | "inner-greeting";
  /** Closes every connection whose ClientHello is longer, as servers with a small buffer do. */
  readonly helloBytesMax?: number;
}

export interface ScriptedPeer extends AsyncDisposable {
  readonly explicitPort: number;
  readonly implicitPort: number;
  /** Lines that the peer read, in clear or inside TLS. */
  readonly heard: readonly string[];
  /** Resolves once no connection is left. */
  idle(): Promise<void>;
}

/** Starts a small FTP server that greets, takes AUTH TLS and QUIT, and misbehaves as its script says. */
export async function startScriptedPeer(script: PeerScript): Promise<ScriptedPeer> {
  const heard: string[] = [];
  const sockets = new Set<net.Socket>();
  const accept = (serve: (socket: net.Socket) => void) =>
    net.createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
      serve(socket);
    });
  const explicit = accept((socket) => serveExplicit(socket, script, heard));
  const implicit = accept((socket) => {
    if (script.clearOnImplicit !== undefined) socket.write(script.clearOnImplicit);
    else if (script.stallAt !== "handshake") secure(socket, script, (inner) => serveInner(inner, script, heard, true));
  });
  return {
    explicitPort: await listen(explicit),
    implicitPort: await listen(implicit),
    heard,
    async idle() {
      await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.resume().once("close", resolve))));
    },
    async [Symbol.asyncDispose]() {
      explicit.close();
      implicit.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function serveExplicit(socket: net.Socket, script: PeerScript, heard: string[]): void {
  if (script.stallAt === "greeting") return;
  socket.write(script.greeting ?? "220 ready\r\n");
  const onLine = (line: string) => {
    heard.push(line);
    if (line.startsWith("QUIT")) return void socket.end("221 bye\r\n");
    if (!line.startsWith("AUTH")) return void socket.write("502 no\r\n");
    if (script.stallAt === "auth") return;
    const answer = script.authReply ?? "234 proceed\r\n";
    socket.write(answer);
    if (!answer.startsWith("234")) return;
    socket.off("data", onData);
    if (script.stallAt !== "handshake") secure(socket, script, (inner) => serveInner(inner, script, heard, false));
  };
  const onData = eachLine(onLine);
  socket.on("data", onData);
}

function serveInner(inner: tls.TLSSocket, script: PeerScript, heard: string[], greets: boolean): void {
  if (greets && script.stallAt !== "inner-greeting") inner.write(script.greeting ?? "220 ready\r\n");
  inner.on(
    "data",
    eachLine((line) => {
      heard.push(line);
      if (line.startsWith("QUIT")) inner.end("221 bye\r\n");
    }),
  );
}

function secure(socket: net.Socket, script: PeerScript, serve: (inner: tls.TLSSocket) => void): void {
  const begin = (first?: Buffer) => {
    const inner = new tls.TLSSocket(first ? withHead(socket, first) : socket, { ...script.tls, isServer: true });
    inner.on("error", () => socket.destroy()).once("secure", () => serve(inner));
  };
  const { helloBytesMax } = script;
  if (helloBytesMax === undefined) return begin();
  socket.once("data", (hello: Buffer) => {
    if (hello.length > helloBytesMax) socket.resetAndDestroy();
    else begin(hello);
  });
}

/** Puts octets that were read too early back in front of the stream. */
function withHead(socket: net.Socket, head: Buffer): Duplex {
  const stream = new Duplex({
    read: () => {},
    write: (octets, _encoding, done) => void socket.write(octets, done),
    final: (done) => void socket.end(done),
  });
  stream.push(head);
  socket.on("data", (octets) => stream.push(octets)).on("end", () => stream.push(null));
  return stream;
}

function eachLine(take: (line: string) => void): (octets: Buffer) => void {
  let pending = "";
  return (octets) => {
    const parts = (pending + octets.toString("latin1")).split("\r\n");
    pending = parts.pop() ?? "";
    for (const line of parts) take(line);
  };
}

async function listen(server: net.Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the peer does not listen on a port");
  return address.port;
}
