import { type DrivenReply, type FtpDriver, makeTestIdentity } from "@sallyport/testing";
import { writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { anyCertificate, type Attack, demand, type Target } from "./attack.ts";

const alice = makeTestIdentity({ names: ["alice"], usage: "client" });
const bob = makeTestIdentity({ names: ["bob"], usage: "client" });
const secret = "what only the owner may read";

/** Attacks on where data connections lead and on who comes to them. */
export const dataAttacks: readonly Attack[] = [
  {
    ids: "S-06",
    title: "PORT and EPRT reach no third party, however its address is spelled",
    run: async (target) => {
      await using third = await listenAt("127.0.0.2");
      const [high, low] = [third.port >> 8, third.port & 0xff];
      await using driver = await target.loggedIn();
      for (const line of [
        `PORT 127,0,0,2,${high},${low}`,
        `PORT 0177,0,0,02,${high},${low}`,
        `PORT 127,000,000,002,${high},${low}`,
        `PORT 127,0,2,${high},${low}`,
        `EPRT |1|127.0.0.2|${third.port}|`,
        `EPRT |1|127.2|${third.port}|`,
        `EPRT |1|0x7f000002|${third.port}|`,
        `EPRT |1|2130706434|${third.port}|`,
        `EPRT |1|0177.0.0.2|${third.port}|`,
        `EPRT |1|127.0.0.2%lo|${third.port}|`,
        `EPRT |2|::ffff:127.0.0.2|${third.port}|`,
        `EPRT |2|::ffff:7f00:2|${third.port}|`,
        `EPRT |2|::127.0.0.2|${third.port}|`,
      ]) {
        const { code } = await driver.command(line);
        if (code === 200) await dialled(driver);
        demand(third.connections() === 0, `${line} was answered ${code} and the third party was connected to`);
        demand(code >= 500, `${line} was answered ${code}`);
      }
    },
  },
  {
    ids: "S-06",
    title: "PORT and EPRT reach no port of a service, and no impossible one",
    run: async (target) => {
      await using driver = await target.loggedIn();
      for (const line of [
        ...[0, 22, 25, 1023].flatMap((port) => [
          `PORT 127,0,0,1,${port >> 8},${port & 0xff}`,
          `EPRT |1|127.0.0.1|${port}|`,
        ]),
        "PORT 127,0,0,1,256,0",
        "EPRT |1|127.0.0.1|65536|",
        "EPRT |1|127.0.0.1|65558|",
        "EPRT |1|127.0.0.1|-1|",
      ]) {
        const { code } = await driver.command(line);
        demand(code >= 500, `${line} was answered ${code}`);
      }
    },
  },
  {
    ids: "S-07",
    title: "a stranger who comes first to a passive port gets nothing, and the owner is served",
    run: async (target) => {
      plant(target);
      await using driver = await target.loggedIn();
      const { text } = await driver.expect("EPSV", 229);
      const port = portOf(text);
      const stolen = await octetsFor(port, "127.0.0.2");
      const raw = await connectTo(port);
      demand((await driver.command("RETR file")).code === 150, "the owner was refused");
      const data = await Promise.race([driver.secureData(raw), waited(3000)]).catch(() => undefined);
      demand(data !== undefined, "the port was taken from its owner");
      const octets = await allOf(data);
      demand(octets === secret, "the owner did not get the file");
      demand(stolen().length === 0, "the stranger got octets");
    },
  },
  {
    ids: "S-07",
    title: "the next passive port cannot be guessed from the last ones",
    run: async (target) => {
      await using driver = await target.loggedIn();
      const ports: number[] = [];
      for (let count = 0; count < 16; count++) ports.push(portOf((await driver.expect("EPSV", 229)).text));
      const steps = ports.slice(1).map((port, index) => port - (ports[index] ?? 0));
      const small = steps.filter((step) => Math.abs(step) <= 2).length;
      demand(small < 8, `${small} of ${steps.length} ports follow the one before within 2: ${ports.join(" ")}`);
      demand(new Set(steps).size > 4, `the steps repeat: ${steps.join(" ")}`);
    },
  },
  ...(["TLSv1.2", "TLSv1.3"] as const).flatMap((version) => {
    const tls = { ...anyCertificate, minVersion: version, maxVersion: version };
    return [
      {
        ids: "S-08 R-TLS-34",
        title: `another login's ticket over ${version} opens no data connection, once the owner resumed`,
        run: (target: Target) => hijack(target, { tls, ticket: true, ownerResumed: true }),
      },
      {
        ids: "S-08 R-TLS-34",
        title: `another login's ticket over ${version} opens no data connection, before the owner resumed`,
        run: (target: Target) => hijack(target, { tls, ticket: true, ownerResumed: false }),
      },
      {
        ids: "S-08 R-TLS-34",
        title: `no ticket at all over ${version} opens no data connection, once the owner resumed`,
        run: (target: Target) => hijack(target, { tls, ticket: false, ownerResumed: true }),
      },
      {
        ids: "S-08 R-TLS-34",
        title: `no ticket at all over ${version} opens no data connection where resumption is required`,
        setup: { listener: { dataResumption: "require" } },
        run: (target: Target) => hijack(target, { tls, ticket: false, ownerResumed: false }),
      },
      {
        ids: "S-08 R-TLS-34",
        title: `an upload over ${version} is not fed by another login`,
        run: (target: Target) => feed(target, tls),
      },
    ] satisfies Attack[];
  }),
  {
    ids: "S-30 R-4217-29",
    title: "a data connection with another client certificate than the control connection's is refused",
    setup: { tls: { clientCertificates: { demand: "request", ca: alice.ca } } },
    run: async (target) => {
      plant(target);
      await using driver = await target.loggedIn("alice", { tls: { cert: alice.certificate, key: alice.key } });
      for (const other of [{ cert: bob.certificate, key: bob.key }, {}]) {
        const raw = await driver.openPassive();
        demand((await driver.command("RETR file")).code === 150, "refused before the handshake");
        const data = await driver
          .secureData(raw, { ...anyCertificate, ...other, resume: false })
          .catch(() => undefined);
        await refusedWith(driver, data === undefined ? "" : await allOf(data));
      }
    },
  },
];

interface Hijack {
  readonly tls: { readonly rejectUnauthorized: false };
  readonly ticket: boolean;
  readonly ownerResumed: boolean;
}

/** Bob connects to Alice's passive port from the same address. */
async function hijack(target: Target, { tls, ticket, ownerResumed }: Hijack): Promise<void> {
  plant(target);
  await using owner = await target.loggedIn("alice", { tls });
  await using attacker = await target.loggedIn("bob", { tls });
  if (ownerResumed) demand((await owner.retrieve("RETR file")).completion?.code === 226, "the owner was refused");
  const raw = await owner.openPassive();
  owner.send("RETR file\r\n");
  const data = await attacker.secureData(raw, { ...tls, resume: ticket }).catch(() => undefined);
  const octets = data === undefined ? "" : await allOf(data);
  const opening = await owner.reply();
  if (opening.code === 150) await refusedWith(owner, octets);
  else demand(opening.code === 522 && octets === "", `${opening.code}, and the attacker got ${octets.length} octets`);
}

async function feed(target: Target, tls: Hijack["tls"]): Promise<void> {
  plant(target);
  await using owner = await target.loggedIn("alice", { tls });
  await using attacker = await target.loggedIn("bob", { tls });
  demand((await owner.retrieve("RETR file")).completion?.code === 226, "the owner was refused");
  const raw = await owner.openPassive();
  owner.send("STOR file\r\n");
  const data = await attacker.secureData(raw, tls).catch(() => undefined);
  data?.end("forged");
  data?.resume();
  const opening = await owner.reply();
  const last = opening.code === 150 ? await owner.reply() : opening;
  demand(last.code === 522, `the upload was answered ${last.code}`);
  const after = await owner.retrieve("RETR file");
  demand(after.octets.toString() === secret, "the file was replaced");
}

/** The owner is told 522, and the attacker got nothing. */
async function refusedWith(owner: FtpDriver, octets: string): Promise<void> {
  const completion: DrivenReply = await owner.reply();
  demand(octets === "", `the attacker got ${octets.length} octets`);
  demand(completion.code === 522, `the transfer was answered ${completion.code}`);
}

function plant(target: Target): void {
  writeFileSync(join(target.directory, "file"), secret);
}

/** Makes a server that said 200 to PORT use the endpoint, and waits for the outcome. */
async function dialled(driver: FtpDriver): Promise<void> {
  const opening = await driver.command("LIST");
  await waited(opening.code === 150 ? 200 : 0);
}

function portOf(text: string): number {
  return Number(/\(\|\|\|(\d+)\|\)/.exec(text)?.[1]);
}

async function listenAt(host: string): Promise<AsyncDisposable & { readonly port: number; connections(): number }> {
  let count = 0;
  const server = createServer((socket) => {
    count++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

async function connectTo(port: number, localAddress = "127.0.0.1"): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port, localAddress });
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
  return socket;
}

/** Connects from an address, and says later what came. */
async function octetsFor(port: number, localAddress: string): Promise<() => string> {
  const socket = await connectTo(port, localAddress);
  let text = "";
  socket.on("data", (octets) => (text += octets.toString("latin1")));
  return () => text;
}

/** All that comes until the end, whichever way it comes. */
async function allOf(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (octets: Buffer) => (text += octets.toString("latin1")));
  await Promise.race([new Promise((resolve) => socket.once("close", resolve).once("end", resolve)), waited(3000)]);
  return text;
}

function waited(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
}
