import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { join } from "node:path";
import { connect, type ConnectionOptions } from "node:tls";
import { anyCertificate, type Attack, demand, pause, type Target } from "./attack.ts";

const everySuite = { ciphers: "ALL:COMPLEMENTOFALL:@SECLEVEL=0" } as const;

/** Attacks on TLS itself. */
export const tlsAttacks: readonly Attack[] = [
  ...(["TLSv1", "TLSv1.1"] as const).map((version): Attack => ({
    ids: "R-TLS-01",
    title: `a client whose best is ${version} is refused on the control connection`,
    run: async (target) => {
      const outcome = await shakeHands(target, { ...everySuite, minVersion: "TLSv1", maxVersion: version });
      demand(outcome === undefined, `${outcome?.protocol} was spoken`);
    },
  })),
  ...[
    ["without encryption", "eNULL"],
    ["without a certificate", "aNULL"],
    ["in CBC", "ECDHE+AES128+SHA1:ECDHE+AES128+SHA256:!AESGCM:!AESCCM"],
  ].map(([kind, suites]): Attack => ({
    ids: "R-TLS-02",
    title: `suites ${kind} are refused`,
    run: async (target) => {
      const only = { ciphers: `${suites}:@SECLEVEL=0`, minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;
      const outcome = await shakeHands(target, only);
      demand(outcome === undefined, `${outcome?.suite} was agreed on`);
    },
  })),
  {
    ids: "S-16 R-TLS-02",
    title: "renegotiation is refused, asked for by openssl s_client",
    needs: ["openssl"],
    run: async (target) => {
      const [, ...rounds] = (await renegotiate(target.implicitPort, 5)).split("RENEGOTIATING");
      if (rounds.length === 0) throw new Error("s_client did not ask");
      const granted = rounds.filter((round) => round.includes("verify return"));
      demand(granted.length === 0, `granted ${granted.length} times`);
      demand(/no renegotiation/.test(rounds.join("")), "the client was not told");
    },
  },
  {
    ids: "S-15 R-TLS-38",
    title: "a handshake that stalls ends, on the implicit port",
    setup: { limits: { handshakeMs: 300 } },
    run: async (target) => {
      for (const opening of [Buffer.alloc(0), Buffer.from([0x16, 3, 1, 2, 0, 1])]) {
        const socket = await tcp(target.implicitPort);
        socket.write(opening);
        demand(await closes(socket, 2500), `it was kept after ${opening.length} octets`);
      }
    },
  },
  {
    ids: "S-15 R-TLS-38",
    title: "a handshake that stalls ends, after AUTH",
    setup: { limits: { handshakeMs: 300 } },
    run: async (target) => {
      await using driver = await target.greeted();
      await driver.expect("AUTH TLS", 234);
      driver.socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1]));
      demand(await driver.waitForEnd(2500), "it was kept");
    },
  },
  {
    ids: "S-15 R-TLS-38",
    title: "a handshake that stalls ends, on a data connection",
    setup: { limits: { handshakeMs: 300 } },
    run: async (target) => {
      writeFileSync(join(target.directory, "file"), "content");
      await using driver = await target.loggedIn("alice", { timeoutMs: 2500 });
      const raw = await driver.openPassive();
      raw.write(Buffer.from([0x16, 3, 1, 2, 0, 1]));
      driver.send("RETR file\r\n");
      const codes: number[] = [];
      for (let count = 0; count < 2 && (codes[0] ?? 100) < 200; count++) {
        codes.push((await driver.reply().catch(() => ({ code: 0 }))).code);
      }
      raw.destroy();
      demand((codes.at(-1) ?? 0) >= 400, `the transfer was answered ${codes.join(" ")}`);
      await driver.expect("NOOP", 200);
    },
  },
];

/** Version and suite of a handshake on the implicit port; undefined where it was refused. */
async function shakeHands(
  target: Target,
  options: ConnectionOptions,
): Promise<{ readonly protocol: string | null; readonly suite: string } | undefined> {
  const socket = connect({ host: "127.0.0.1", port: target.implicitPort, ...anyCertificate, ...options });
  const settled = new Promise<boolean>((resolve) => {
    socket.once("secureConnect", () => resolve(true));
    socket.once("error", () => resolve(false)).once("close", () => resolve(false));
  });
  const agreed = await settled;
  const outcome = agreed ? { protocol: socket.getProtocol(), suite: socket.getCipher().name } : undefined;
  socket.destroy();
  return outcome;
}

/** What s_client shows while it asks for renegotiation a number of times (`R` on a line of its own). */
async function renegotiate(port: number, times: number): Promise<string> {
  const client = spawn("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, "-tls1_2"]);
  let output = "";
  for (const stream of [client.stdout, client.stderr])
    stream.on("data", (octets: Buffer) => (output += String(octets)));
  client.stdin.on("error", () => undefined);
  const ended = once(client, "close");
  const greetedBy = Date.now() + 5000;
  while (!/^220 /m.test(output) && Date.now() < greetedBy) await pause(20);
  for (let count = 0; count < times && client.exitCode === null; count++) {
    client.stdin.write("R\n");
    await Promise.race([ended, pause(100)]);
  }
  client.stdin.end();
  client.kill("SIGTERM");
  await ended;
  return output;
}

async function tcp(port: number): Promise<Socket> {
  const socket = connectTcp({ host: "127.0.0.1", port });
  socket.on("error", () => undefined).resume();
  await once(socket, "connect");
  return socket;
}

async function closes(socket: Socket, timeoutMs: number): Promise<boolean> {
  if (!socket.destroyed) await Promise.race([once(socket, "close"), pause(timeoutMs)]);
  const closed = socket.destroyed;
  socket.destroy();
  return closed;
}
