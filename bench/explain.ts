/**
 * Measures what `explain` adds to a handshake: the same two dialogues by bare sockets, and seen through explain with every
 * record read and opened.
 *
 *     npm run bench -- explain [pairs]
 *
 * The server runs in a process of its own on the same loopback. Each pair makes both, in turns first; printed are the
 * medians of wall time and of CPU time of this process, and what explain adds for each of its two handshakes. The target is
 * held against CPU time, which other programs on the machine change least.
 */
import { explain } from "@sallyport/inspector";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { connect as connectTls, createSecureContext, type TLSSocket } from "node:tls";
import { type OwnServer, startOwnServer } from "./own-server.ts";

const targetMs = 2;
const handshakesCount = 2;
const [given = "60"] = process.argv.slice(2);
await compare(Number(given));

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

async function compare(pairs: number): Promise<void> {
  using place = await startOwnServer();
  const ca = readFileSync(place.caFile, "latin1");
  const ways = { bare: () => bare(place, ca), explained: () => explained(place, ca) };
  const costs: Record<keyof typeof ways, Cost[]> = { bare: [], explained: [] };
  const warmUps = 10;
  for (let pair = -warmUps; pair < pairs; pair++) {
    const order = pair % 2 === 0 ? (["bare", "explained"] as const) : (["explained", "bare"] as const);
    for (const way of order) {
      const cost = await costOf(ways[way]);
      if (pair >= 0) costs[way].push(cost);
    }
  }
  for (const measure of ["wallMs", "cpuMs"] as const) {
    const [plain, shown] = [costs.bare, costs.explained].map((all) => median(all.map((cost) => cost[measure])));
    const added = ((shown ?? 0) - (plain ?? 0)) / handshakesCount;
    const name = measure === "wallMs" ? "wall" : "cpu ";
    console.log(
      `${name} bare ${plain?.toFixed(2)} ms, explained ${shown?.toFixed(2)} ms: ${added.toFixed(2)} ms a handshake`,
    );
    if (measure === "cpuMs") process.exitCode = added < targetMs ? 0 : 1;
  }
  console.log(`target: under ${targetMs} ms of CPU a handshake`);
}

async function costOf(run: () => Promise<void>): Promise<Cost> {
  const startedMs = performance.now();
  const started = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(started);
  return { wallMs: performance.now() - startedMs, cpuMs: (user + system) / 1000 };
}

async function explained({ explicit, implicit }: OwnServer, ca: string): Promise<void> {
  let finishedCount = 0;
  for await (const event of explain("127.0.0.1", { ports: { explicit, implicit }, ca })) {
    if (event.kind === "problem") throw new Error(JSON.stringify(event));
    if (event.kind === "secured") finishedCount += 1;
  }
  if (finishedCount !== handshakesCount) throw new Error(`${finishedCount} handshakes were finished`);
}

/** What explain asks, by nothing but sockets. */
async function bare({ explicit, implicit }: OwnServer, ca: string): Promise<void> {
  const secureContext = createSecureContext({ ca });
  const options = { host: "127.0.0.1", secureContext, ALPNProtocols: ["ftp"] };
  const first = async () => {
    const tcp = connect(explicit, "127.0.0.1");
    await line(tcp);
    tcp.write("AUTH TLS\r\n");
    await line(tcp);
    await leave(await secured(connectTls({ socket: tcp, ...options })));
  };
  const second = async () => {
    const tls = connectTls({ socket: connect(implicit, "127.0.0.1"), ...options });
    await secured(tls);
    await line(tls);
    await leave(tls);
  };
  await Promise.all([first(), second()]);
}

async function secured(tls: TLSSocket): Promise<TLSSocket> {
  await once(tls, "secureConnect");
  return tls;
}

async function line(socket: Socket): Promise<void> {
  await once(socket, "data");
}

async function leave(tls: TLSSocket): Promise<void> {
  tls.write("QUIT\r\n");
  await line(tls);
  tls.end();
  await once(tls.resume(), "close");
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}
