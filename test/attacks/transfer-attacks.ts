import type { FtpDriver } from "@sallyport/testing";
import { existsSync, readdirSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { anyCertificate, type Attack, clearData, clearDriver, demand, pause, type Target } from "./attack.ts";

type Protection = "clear" | "TLSv1.2" | "TLSv1.3";
type Cut = "FIN" | "RST" | "FIN in a record";

const smallQuota = { ...clearData, account: { quotaBytes: 1_048_576 } } as const;

/** Attacks on transfers while they run: cut, blown up, looked at half-way, shaken. */
export const transferAttacks: readonly Attack[] = [
  ...(["TLSv1.2", "TLSv1.3"] as const).flatMap((protection) =>
    (["FIN", "RST", "FIN in a record"] as const).map((cut): Attack => ({
      ids: "S-11 R-TLS-20",
      title: `an upload over ${protection} cut by ${cut} is not called whole and not shown`,
      run: (target) => truncate(target, protection, cut),
    })),
  ),
  ...(["FIN", "RST"] as const).map((cut): Attack => ({
    ids: "S-11",
    title: `a clear upload cut by ${cut} is not called whole and not shown, where ALLO told its size`,
    setup: clearData,
    run: (target) => truncate(target, "clear", cut),
  })),
  {
    ids: "S-11",
    title: "a compressed upload that ends before its end is not called whole",
    setup: clearData,
    run: async (target) => {
      await using driver = await clearDriver(target);
      await driver.expect("MODE Z", 200);
      const deflated = deflateSync(Buffer.alloc(100_000, "some text "));
      const { completion } = await driver.store("STOR cut", deflated.subarray(0, -20), { clear: true });
      demand((completion?.code ?? 500) >= 400, `it was answered ${completion?.code}`);
      demand(!existsSync(join(target.directory, "cut")), "it was published");
    },
  },
  {
    ids: "S-11",
    title: "a download that the peer cuts is not called complete",
    setup: clearData,
    run: async (target) => {
      writeFileSync(join(target.directory, "file"), Buffer.alloc(32 << 20));
      await using driver = await clearDriver(target);
      const data = await driver.openPassive();
      await driver.expect("RETR file", 150);
      await new Promise((resolve) => data.once("data", resolve));
      data.resetAndDestroy();
      const { code } = await driver.reply();
      demand(code >= 400, `it was answered ${code}`);
    },
  },
  {
    ids: "S-24",
    title: "a MODE Z bomb stops at its ratio and leaves little on the disk",
    setup: clearData,
    run: async (target) => {
      await using driver = await clearDriver(target);
      await driver.expect("MODE Z", 200);
      const bomb = deflateSync(Buffer.alloc(64 << 20), { level: 9 });
      const { completion } = await driver.store("STOR bomb", bomb, { clear: true });
      const found = octetsBelow(target.directory);
      demand((completion?.code ?? 500) >= 400, `${bomb.length} octets that became ${found} were taken`);
      demand(found < 32 << 20, `${found} octets lie on the disk`);
    },
  },
  ...(["Z", "C"] as const).map((mode): Attack => ({
    ids: "S-24",
    title: `what a MODE ${mode} upload becomes counts against the quota`,
    setup: smallQuota,
    run: async (target) => {
      await using driver = await clearDriver(target);
      await driver.expect(`MODE ${mode}`, 200);
      // 0xFF is 63 fillers of MODE C (RFC 959 §3.4.3).
      const fillers = Buffer.concat([Buffer.alloc(80_000, 0xff), Buffer.from([0x00, 0x40])]);
      const bomb = mode === "Z" ? deflateSync(Buffer.alloc(4 << 20)) : fillers;
      const { completion } = await driver.store("STOR bomb", bomb, { clear: true });
      const found = octetsBelow(target.directory);
      demand((completion?.code ?? 500) >= 400, `it was answered ${completion?.code}; ${found} octets lie on the disk`);
      demand(found <= 2 << 20, `${found} octets lie on the disk where 1 MiB is allowed`);
    },
  })),
  {
    ids: "S-32",
    title: "nobody sees half of a file that is being replaced",
    setup: clearData,
    run: async (target) => {
      writeFileSync(join(target.directory, "file"), "the old content");
      await using writer = await clearDriver(target);
      await using reader = await clearDriver(target);
      const data = await writer.openPassive();
      await writer.expect("STOR file", 150);
      await new Promise<void>((resolve) => data.write("the n", () => resolve()));
      await pause(50);
      const { octets } = await reader.retrieve("RETR file", { clear: true });
      data.end("ew content");
      await writer.reply();
      demand(octets.toString() === "the old content", `a reader got ${JSON.stringify(octets.toString())}`);
    },
  },
  {
    ids: "S-28",
    title: "ABOR at random octets is answered 426 and 226, in this order",
    setup: clearData,
    run: async (target) => void (await shake(target, { seed: 28, rounds: 12, actions: ["ABOR"] })),
  },
  {
    ids: "S-28",
    title: "STAT, QUIT and cuts at random octets leak no port and no open file, and the server goes on",
    setup: clearData,
    run: async (target) => {
      const ports = await shake(target, {
        seed: 2028,
        rounds: 40,
        actions: ["STAT", "QUIT", "cut control", "cut data"],
      });
      await pause(300);
      const open: number[] = [];
      for (const port of ports) if (await staysOpen(port)) open.push(port);
      demand(open.length === 0, `${open.length} of ${ports.size} passive ports still take connections`);
      const files = openFilesBelow(target.directory);
      demand(files.length === 0, `still open: ${files.join(" ")}`);
      await using driver = await clearDriver(target);
      demand((await driver.retrieve("RETR large", { clear: true })).octets.length === 1 << 20, "it serves no more");
    },
  },
];

async function truncate(target: Target, protection: Protection, cut: Cut): Promise<void> {
  const tls = protection === "clear" ? {} : { minVersion: protection, maxVersion: protection };
  await using driver = await target.loggedIn("alice", { tls: { ...anyCertificate, ...tls } });
  await using other = await target.loggedIn("bob");
  if (protection === "clear") await driver.expect("PROT C", 200);
  for (const octets of [0, 1, 16_384, 70_001]) {
    const name = `cut-at-${octets}`;
    if (protection === "clear") await driver.command("ALLO 100000");
    const raw = await driver.openPassive();
    await driver.expect(`STOR ${name}`, 150);
    const data = protection === "clear" ? raw : await driver.secureData(raw);
    data.resume();
    if (octets > 0) await new Promise<void>((resolve) => data.write(Buffer.alloc(octets, "x"), () => resolve()));
    if (cut === "FIN in a record") raw.write(Buffer.from([0x17, 3, 3, 0x40, 0, 1, 2, 3]));
    if (cut === "RST") raw.resetAndDestroy();
    else raw.end();
    const { code } = await driver.reply();
    demand(code >= 400, `cut after ${octets} octets it was answered ${code}`);
    demand(!existsSync(join(target.directory, name)), `cut after ${octets} octets it was published`);
    demand((await other.command(`SIZE ${name}`)).code === 550, "SIZE shows it to others");
  }
}

type Action = "ABOR" | "STAT" | "QUIT" | "cut control" | "cut data";

interface Shaking {
  readonly seed: number;
  readonly rounds: number;
  readonly actions: readonly Action[];
}

/** Disturbs transfers at drawn octets and returns the passive ports that were used. */
export async function shake(target: Target, { seed, rounds, actions }: Shaking): Promise<Set<number>> {
  writeFileSync(join(target.directory, "large"), Buffer.alloc(1 << 20));
  const draw = generator(seed);
  const ports = new Set<number>();
  for (let round = 0; round < rounds; round++) {
    const protectedData = draw(2) === 0;
    await using driver = protectedData ? await target.loggedIn() : await clearDriver(target);
    const upload = actions.includes("ABOR") || draw(2) === 0;
    const raw = await driver.openPassive();
    ports.add(raw.remotePort ?? 0);
    await driver.expect(upload ? `STOR up-${round}` : "RETR large", 150);
    const data = protectedData ? await driver.secureData(raw) : raw;
    data.on("error", () => undefined);
    const octets = draw(200_000);
    if (upload) await new Promise<void>((resolve) => data.write(Buffer.alloc(octets), () => resolve()));
    else await readSome(data, octets);
    await disturb(driver, raw, actions[draw(actions.length)] ?? "STAT");
    raw.destroy();
  }
  return ports;
}

async function disturb(driver: FtpDriver, raw: Socket, action: Action): Promise<void> {
  switch (action) {
    case "ABOR": {
      const codes = await codesOf(driver, "ABOR\r\nNOOP\r\n");
      return demand(codes === "426 226 200", `ABOR and NOOP in an upload were answered ${codes}`);
    }
    case "STAT":
      driver.send("STAT\r\n");
      demand((await driver.reply().catch(() => undefined))?.code !== undefined, "STAT was not answered");
      return undefined;
    case "QUIT":
      driver.send("QUIT\r\n");
      return undefined;
    case "cut control":
      driver.socket.destroy();
      return undefined;
    case "cut data":
      raw.resetAndDestroy();
      demand((await driver.reply().catch(() => undefined)) !== undefined, "a cut transfer was not answered");
  }
}

/** Sends lines and takes reply codes up to the 200 of NOOP, or to silence. */
async function codesOf(driver: FtpDriver, lines: string): Promise<string> {
  driver.send(lines);
  const codes: number[] = [];
  while (codes.at(-1) !== 200 && codes.length < 5) codes.push((await driver.reply().catch(() => ({ code: 0 }))).code);
  return codes.join(" ");
}

async function readSome(data: Socket, octets: number): Promise<void> {
  let read = 0;
  await new Promise<void>((resolve) => {
    data.on("data", (chunk: Buffer) => {
      read += chunk.length;
      if (read < octets) return;
      data.pause();
      resolve();
    });
    data.once("close", resolve).once("end", resolve);
  });
}

/** Park and Miller's generator: the same numbers for the same seed. */
function generator(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state * 48_271) % 0x7fff_ffff;
    return state % bound;
  };
}

async function staysOpen(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => undefined).resume();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await Promise.race([closed, pause(60)]);
  const open = !socket.destroyed;
  socket.destroy();
  return open;
}

function octetsBelow(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** Regular files below a directory that this process has open. */
function openFilesBelow(directory: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${descriptor}`);
      return path.startsWith(`${directory}/`) && statSync(`/proc/self/fd/${descriptor}`).isFile() ? [path] : [];
    } catch {
      return [];
    }
  });
}
