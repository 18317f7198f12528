/**
 * Compares what it costs a server to receive TLS natively and through TlsDuplex, which withholds the FIN.
 *
 *     node --conditions=source bench/tls-receive.ts [runs] [MiB]
 *
 * Prints CPU-seconds a GiB of this process for each run, alternating, and the ratio of the medians. The sender is
 * another process on the same loopback, with TLS 1.3 and AES-128-GCM; octets are counted and dropped.
 */
import { makeTestIdentity } from "@sallyport/testing";
import { readFrom, readIntoUserBuffer, ServerTlsProfile, ServerTlsSocket, TlsDuplex } from "@sallyport/transport";
import { fork } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { connect } from "node:tls";

const [mode, ...rest] = process.argv.slice(2);
if (mode === "--send") send(Number(rest[0]), Number(rest[1]));
else await compare(Number(mode ?? 5), Number(rest[0] ?? 512));

async function compare(runs: number, mebibytes: number): Promise<void> {
  const ways = { native: startNative, duplex: startThroughDuplex };
  const costs: Record<keyof typeof ways, number[]> = { native: [], duplex: [] };
  for (let run = 0; run < runs; run++) {
    for (const way of ["native", "duplex"] as const) {
      const cost = await receive(ways[way], mebibytes);
      costs[way].push(cost);
      console.log(`${way} ${cost.toFixed(3)} CPU-s/GiB`);
    }
  }
  const [native, duplex] = [median(costs.native), median(costs.duplex)];
  console.log(`median native ${native.toFixed(3)}, duplex ${duplex.toFixed(3)}, ratio ${(duplex / native).toFixed(2)}`);
}

type StartTls = (
  tcp: Socket,
  options: { secureContext: ReturnType<ServerTlsProfile["createContext"]> },
) => ServerTlsSocket;

function startNative(tcp: Socket, options: Parameters<StartTls>[1]): ServerTlsSocket {
  return new ServerTlsSocket(tcp, { isServer: true, ...options });
}

function startThroughDuplex(tcp: Socket, options: Parameters<StartTls>[1]): ServerTlsSocket {
  const duplex = new TlsDuplex(tcp);
  const tls = new ServerTlsSocket(duplex, { isServer: true, ...options });
  readFrom(tcp, duplex, () => {});
  return tls;
}

async function receive(start: StartTls, mebibytes: number): Promise<number> {
  const profile = await ServerTlsProfile.create({ identities: [makeTestIdentity({ names: ["localhost"] })] });
  const group = profile.selectIdentities(undefined);
  if (!group) throw new Error("no identity");
  const secureContext = profile.createContext(group);
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const sender = fork(import.meta.filename, [
    "--send",
    String((server.address() as AddressInfo).port),
    String(mebibytes),
  ]);
  const [tcp] = (await once(server, "connection")) as [Socket];
  const tls = start(tcp, { secureContext });
  tls.on("error", () => {});
  let before = process.cpuUsage();
  let bytes = 0;
  const buffer = Buffer.allocUnsafeSlow(65_536);
  tls.once("secure", () => {
    before = process.cpuUsage();
    readIntoUserBuffer(tls, buffer, (length) => {
      bytes += length;
      return true;
    });
    tls.resume();
  });
  await once(tls, "end");
  const { user, system } = process.cpuUsage(before);
  tls.destroy();
  tcp.destroy();
  server.close();
  await once(sender, "exit");
  if (bytes !== mebibytes * 2 ** 20) throw new Error(`received ${bytes}`);
  return (user + system) / 1e6 / (bytes / 2 ** 30);
}

function send(port: number, mebibytes: number): void {
  const chunk = Buffer.alloc(262_144, 7);
  let left = mebibytes * 4;
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ciphers: "TLS_AES_128_GCM_SHA256" });
  const next = (): void => {
    if (left-- > 0) socket.write(chunk, next);
    else socket.end(() => process.exit(0));
  };
  socket
    .setNoDelay(true)
    .on("data", () => {})
    .once("secureConnect", next);
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}
