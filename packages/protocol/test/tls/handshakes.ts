import { spawn, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tls from "node:tls";
import type { TlsSender } from "@sallyport/protocol";

/** One read of the relay between a TLS client and a TLS server. */
export interface WireRead {
  readonly sender: TlsSender;
  readonly octets: Uint8Array;
}

export interface TestKeyPair extends AsyncDisposable {
  readonly directory: string;
  readonly cert: string;
  readonly key: string;
}

/** A self-signed certificate made by openssl. */
export function makeKeyPair(algorithm: "rsa" | "ec"): TestKeyPair {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-tls-"));
  const kind = algorithm === "rsa" ? ["rsa:2048"] : ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
  execFileSync(
    "openssl",
    ["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=ftp.example.test", "-newkey", ...kind]
      .concat(["-addext", "subjectAltName=DNS:ftp.example.test,IP:127.0.0.1"])
      .concat(["-keyout", join(directory, "key.pem"), "-out", join(directory, "cert.pem")]),
    { stdio: "ignore" },
  );
  return {
    directory,
    cert: readFileSync(join(directory, "cert.pem"), "utf8"),
    key: readFileSync(join(directory, "key.pem"), "utf8"),
    [Symbol.asyncDispose]: async () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Records a connection of a Node client to a Node server, both of this process; the server sends `220 hi`. */
export async function recordNodeHandshake(server: tls.TlsOptions, client: tls.ConnectionOptions): Promise<WireRead[]> {
  const listener = tls.createServer(server, (socket) => {
    socket.on("error", () => {});
    socket.end("220 hi\r\n");
  });
  listener.on("tlsClientError", () => {});
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  try {
    return await recordThroughRelay(portOf(listener), client);
  } finally {
    listener.close();
  }
}

/** Records a connection of a Node client to `openssl s_server`. */
export async function recordOpensslHandshake(
  keyPair: TestKeyPair,
  serverArguments: readonly string[],
  client: tls.ConnectionOptions,
): Promise<WireRead[]> {
  const port = await freePort();
  const server = spawn(
    "openssl",
    ["s_server", "-accept", `127.0.0.1:${port}`, "-naccept", "1", "-key", "key.pem", "-cert", "cert.pem"].concat(
      serverArguments,
    ),
    { cwd: keyPair.directory, stdio: ["pipe", "pipe", "ignore"] },
  );
  const exited = once(server, "exit");
  try {
    await accepting(server.stdout);
    return await recordThroughRelay(port, client);
  } finally {
    server.kill();
    await exited;
  }
}

async function recordThroughRelay(serverPort: number, options: tls.ConnectionOptions): Promise<WireRead[]> {
  const reads: WireRead[] = [];
  const relay = net.createServer((fromClient) => {
    const toServer = net.connect(serverPort, "127.0.0.1");
    const record = (sender: TlsSender) => (octets: Buffer) =>
      void reads.push({ sender, octets: Uint8Array.from(octets) });
    fromClient.on("data", record("client")).on("error", () => toServer.destroy());
    toServer.on("data", record("server")).on("error", () => fromClient.destroy());
    fromClient.pipe(toServer).pipe(fromClient);
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  const socket = tls.connect({ host: "127.0.0.1", port: portOf(relay), rejectUnauthorized: false, ...options });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => {});
  socket.once("secureConnect", () => socket.end("QUIT\r\n"));
  socket.resume();
  await closed;
  relay.close();
  return reads;
}

/** Resolves once s_server says that it listens; its output is read on, so that it never blocks. */
function accepting(stdout: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    stdout.on("data", (chunk) => {
      text += String(chunk);
      if (text.includes("ACCEPT")) resolve();
    });
    stdout.on("end", () => reject(new Error(`openssl s_server did not start: ${text}`)));
  });
}

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const port = portOf(probe);
  probe.close();
  await once(probe, "close");
  return port;
}

function portOf(server: net.Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen on a port");
  return address.port;
}
