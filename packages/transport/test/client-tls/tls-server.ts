import { makeTestIdentity, type TestIdentity } from "@sallyport/testing";
import { ClientTls, type ClientTlsOptions, type ControlTls, directDialer } from "@sallyport/transport";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import test from "node:test";
import { createServer, type TLSSocket, type TlsOptions } from "node:tls";
import { until } from "../tls-peer.ts";

export const good: TestIdentity = makeTestIdentity({ names: ["localhost", "127.0.0.1"] });

export interface RecordingServer extends AsyncDisposable {
  readonly port: number;
  /** What clients said inside TLS. */
  readonly heard: () => string;
  /** The server name of each handshake that was finished. */
  readonly names: readonly (string | false)[];
  readonly connections: ReadonlySet<Socket>;
}

/** A TLS server on loopback that greets inside TLS and records what it hears. */
export async function tlsServer(
  options: TlsOptions,
  onSecure: (socket: TLSSocket) => void = (socket) => socket.write("220 ready\r\n"),
): Promise<RecordingServer> {
  let heard = "";
  const names: (string | false)[] = [];
  const connections = new Set<Socket>();
  const server = createServer(options, (socket) => {
    names.push((socket as { servername?: string | false }).servername ?? false);
    socket.on("data", (octets: Buffer) => (heard += octets.toString("latin1"))).on("error", () => {});
    onSecure(socket);
  });
  server.on("connection", (socket: Socket) => connections.add(socket)).on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    heard: () => heard,
    names,
    connections,
    [Symbol.asyncDispose]: async () => {
      for (const socket of connections) socket.destroy();
      server.close();
    },
  };
}

/** Runs `openssl s_server`, which sends what it reads from its input and prints what it hears. */
export async function startSServer(...options: string[]): Promise<{ port: number } & AsyncDisposable> {
  const files = ["-cert", good.certificateFile, "-key", good.keyFile, "-cert_chain", good.caFile];
  const child = spawn("openssl", ["s_server", "-accept", "127.0.0.1:0", "-naccept", "99", ...files, ...options], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const exited = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill();
    await exited;
  };
  let printed = "";
  const acceptLine = /^ACCEPT 127\.0\.0\.1:(?<port>\d+)$/m;
  child.stdout.setEncoding("latin1").on("data", (text: string) => (printed += text));
  try {
    await until("s_server listens", () => acceptLine.test(printed), 5000);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port: Number(acceptLine.exec(printed)?.groups?.["port"]), [Symbol.asyncDispose]: stop };
}

/** A server that does as it is told with each bare TCP connection. */
export async function tcpServer(onConnection: (socket: Socket) => void): Promise<{ port: number } & AsyncDisposable> {
  const open = new Set<Socket>();
  const server = createTcpServer((socket) => {
    open.add(socket.on("error", () => {}));
    onConnection(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}

export function serving({ certificate: cert, key }: TestIdentity): TlsOptions {
  return { cert, key };
}

const dialled: Socket[] = [];
test.afterEach(() => {
  for (const tcp of dialled.splice(0)) tcp.destroy();
});

/** A connection that is closed after the test. */
export async function dialLoopback(port: number): Promise<Socket> {
  const tcp = await directDialer().dial({ host: "127.0.0.1", port }, { timeoutMs: 5000 });
  dialled.push(tcp);
  return tcp;
}

/** Connects to `localhost`, trusting the authority of {@link good} alone. */
export async function startControl(
  port: number,
  { timeoutMs = 2000, ...options }: Partial<ClientTlsOptions> & { timeoutMs?: number } = {},
): Promise<ControlTls & { tls: ClientTls; tcp: Socket }> {
  const tls = await ClientTls.create({ host: "localhost", port, trust: { ca: good.ca }, ...options });
  const tcp = await dialLoopback(port);
  return { ...(await tls.startControl(tcp, { timeoutMs })), tls, tcp };
}

/** What comes next, as text. */
export async function nextText(socket: Socket): Promise<string> {
  socket.resume();
  const [octets] = (await once(socket, "data")) as [Buffer];
  return octets.toString("latin1");
}
