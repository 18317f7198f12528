import { once } from "node:events";
import * as net from "node:net";
import { type Dialer, directDialer } from "@sallyport/transport";

/** Somebody who stands between a client and a server, on the loopback device. */
export interface Stripper extends AsyncDisposable {
  /** Leads to the server by way of them. */
  readonly dialer: Dialer;
}

/**
 * Starts a relay that takes AUTH out of what a client says and answers it by 502, as anybody on the way can who reads along.
 * What the client says of a login goes no further: the relay plays the server.
 */
export async function startStripper(dialer: Dialer): Promise<Stripper> {
  const sockets = new Set<net.Socket>();
  const upstreams: net.Socket[] = [];
  const keep = (socket: net.Socket): void => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
  };
  const server = net.createServer((client) => {
    keep(client);
    const upstream = upstreams.shift();
    if (upstream === undefined) return void client.destroy();
    relay(client, upstream);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  return {
    dialer: {
      async dial(place, options) {
        // What cannot be reached fails here as it would without anybody between.
        const upstream = await dialer.dial(place, options);
        keep(upstream);
        upstreams.push(upstream);
        return directDialer().dial({ host: "127.0.0.1", port }, options);
      },
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** What is answered here, and by what; everything else goes to the server. */
const answers: Readonly<Record<string, string>> = {
  AUTH: "502 Command not implemented.",
  USER: "331 Password required.",
  PASS: "230 Logged in.",
};

function relay(client: net.Socket, upstream: net.Socket): void {
  upstream.on("data", (octets: Buffer) => client.write(octets)).once("close", () => client.end());
  upstream.resume();
  client.once("close", () => upstream.destroy());
  let pending = "";
  client.on("data", (octets: Buffer) => {
    pending = (pending + octets.toString("latin1")).slice(-linesBytesMax);
    for (let end = pending.indexOf("\n"); end >= 0; end = pending.indexOf("\n")) {
      const line = pending.slice(0, end + 1);
      pending = pending.slice(end + 1);
      const answer = answers[line.slice(0, 4).toUpperCase()];
      if (answer === undefined) upstream.write(line, "latin1");
      else client.write(`${answer}\r\n`);
    }
  });
}

const linesBytesMax = 8192;
