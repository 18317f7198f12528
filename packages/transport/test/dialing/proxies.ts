import { findProgram, makeTestIdentity, type TestIdentity } from "@sallyport/testing";
import { directDialer } from "@sallyport/transport";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { createServer as createTlsServer } from "node:tls";

export interface Listening extends AsyncDisposable {
  readonly port: number;
}

export const identity: TestIdentity = makeTestIdentity({ names: ["localhost", "127.0.0.1"] });

const opened: Socket[] = [];
test.afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
});

/** Closed after the test. */
export function keep(socket: Socket): Socket {
  opened.push(socket);
  return socket;
}

export async function listen(onConnection: (socket: Socket) => void, tls = false): Promise<Listening> {
  const open = new Set<Socket>();
  const take = (socket: Socket): void => {
    open.add(socket.on("error", () => {}));
    onConnection(socket);
  };
  const server = tls
    ? createTlsServer({ cert: identity.certificate, key: identity.key }, take).on("tlsClientError", () => {})
    : createServer(take);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A server that greets at once, as FTP servers do, and then sends back what it hears. */
export function greeter(): Promise<Listening> {
  return listen((socket) => {
    socket.write("220 ready\r\n");
    socket.pipe(socket);
  });
}

/** Starts a proxy of another vendor on a port of its own. */
export async function startProxy(
  program: string,
  argumentsFor: (port: number, folder: string) => readonly string[],
): Promise<Listening> {
  const free = await listen(() => {});
  await free[Symbol.asyncDispose]();
  const folder = mkdtempSync(join(tmpdir(), "sallyport-proxy-"));
  const child = spawn(findProgram(program) ?? program, argumentsFor(free.port, folder), { stdio: "ignore" });
  const exited = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill();
    await exited;
    rmSync(folder, { recursive: true });
  };
  for (let count = 0; count < 100; count++) {
    try {
      const tried = await directDialer().dial({ host: "127.0.0.1", port: free.port }, { timeoutMs: 1000 });
      tried.destroy();
      return { port: free.port, [Symbol.asyncDispose]: stop };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  await stop();
  throw new Error(`${program} did not come up`);
}

/** Writes tinyproxy's configuration, and returns its arguments. */
export function tinyproxyArguments(login: string | undefined) {
  return (port: number, folder: string): readonly string[] => {
    const file = join(folder, "tinyproxy.conf");
    const lines = [`Port ${port}`, "Listen 127.0.0.1", "Timeout 30", ...(login ? [`BasicAuth ${login}`] : [])];
    writeFileSync(file, `${lines.join("\n")}\n`);
    return ["-d", "-c", file];
  };
}

/** A proxy by CONNECT inside TLS, in the least that makes one. */
export function tlsProxy(): Promise<Listening> {
  return listen((client) => {
    client.once("data", (head: Buffer) => {
      const port = Number(/^CONNECT [^:]+:(?<port>\d+) /.exec(head.toString())?.groups?.["port"]);
      const target = keep(connect(port, "127.0.0.1")).on("error", () => client.destroy());
      target.once("connect", () => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        client.pipe(target).pipe(client);
      });
    });
  }, true);
}
