import { FtpDriver } from "@sallyport/testing";
import { connect, type Socket } from "node:net";
import { anyCertificate, type Attack, demand, pause } from "./attack.ts";

/** Attacks on the control connection before and around TLS. */
export const controlAttacks: readonly Attack[] = [
  {
    ids: "S-01",
    title: "commands injected behind AUTH are not answered inside TLS",
    run: async (target) => {
      for (const behind of ["NOOP\r\n", "USER alice\r\nPASS secret\r\n", "N"]) {
        await using driver = await target.greeted();
        driver.send(`AUTH TLS\r\n${behind}`);
        const reply = await driver.reply().catch(() => undefined);
        if (reply?.code !== 234) continue;
        const secured = await driver.startTls(anyCertificate).catch(() => undefined);
        if (secured === undefined) continue;
        await driver.waitForEnd(500);
        demand(driver.pendingText === "", "octets from before TLS were answered inside TLS");
        demand((await driver.command("NOOP").catch(() => undefined))?.code !== 500, "they begin the first command");
      }
    },
  },
  {
    ids: "R-4217-06",
    title: "no password is asked for in clear where TLS is required",
    run: async (target) => {
      await using driver = await target.greeted();
      const { code } = await driver.command("USER alice");
      demand(code !== 331 && code !== 230, `USER in clear was answered ${code}`);
    },
  },
  {
    ids: "S-04",
    title: "requests of other protocols inside TLS end the connection and are not echoed",
    run: async (target) => {
      for (const request of [
        "GET /<script> HTTP/1.1\r\nHost: x\r\n",
        "POST / HTTP/1.1\r\n",
        "EHLO <script>\r\n",
        "A1 LOGIN <script> y\r\n",
      ]) {
        await using driver = await FtpDriver.connect(target.implicitPort, { tls: anyCertificate });
        await driver.reply();
        driver.send(request);
        demand(await driver.waitForEnd(2000), "a request of another protocol left the connection open");
        demand(!driver.pendingText.includes("<script>"), "the reply echoed the request");
      }
    },
  },
  {
    ids: "S-04 R-TLS-13",
    title: "a client that offers only other ALPN protocols is refused",
    run: async (target) => {
      const driver = await FtpDriver.connect(target.implicitPort, {
        tls: { ...anyCertificate, ALPNProtocols: ["h2", "http/1.1"] },
      }).catch(() => undefined);
      if (driver === undefined) return;
      await using connection = driver;
      demand(await connection.waitForEnd(1000), "a handshake for HTTP was accepted");
    },
  },
  {
    ids: "S-05",
    title: "plain HTTP to the explicit port ends the connection",
    run: async (target) => {
      await using driver = await target.greeted();
      driver.send("POST /upload HTTP/1.1\r\nHost: x\r\nCookie: secret\r\n\r\n");
      demand(await driver.waitForEnd(2000), "the connection went on");
    },
  },
  {
    ids: "S-14",
    title: "an over-long line is refused, and the connection stays in step or ends",
    run: async (target) => {
      for (const line of [`NOOP ${"A".repeat(1_048_576)}`, `NOOP ${"A".repeat(65_536)}`]) {
        await using driver = await target.greeted();
        driver.send(`${line}\r\nNOOP\r\n`);
        const codes: number[] = [];
        for (let count = 0; count < 2 && !driver.ended; count++) {
          const reply = await driver.reply().catch(() => undefined);
          if (reply !== undefined) codes.push(reply.code);
        }
        const refused = codes[0] === 500 || codes[0] === 421 || codes.length === 0;
        demand(refused, `a line of ${line.length} octets was answered ${codes.join()}`);
        demand(codes[1] === undefined || codes[1] === 200, "the connection fell out of step");
      }
    },
  },
  {
    ids: "S-14",
    title: "a line that never ends has a deadline, however slowly it drips",
    setup: { limits: { commandLineMs: 300 } },
    run: async (target) => {
      await using driver = await target.greeted();
      const drip = setInterval(() => driver.send("A"), 50);
      const ended = await driver.waitForEnd(2500);
      clearInterval(drip);
      demand(ended, "the line dripped on");
    },
  },
  {
    ids: "S-14",
    title: "ten thousand Telnet negotiations do not get ten thousand answers",
    run: async (target) => {
      await using driver = await target.greeted();
      driver.send(`${"\xff\xfd\x01".repeat(10_000)}NOOP\r\n`);
      const deadline = Date.now() + 2000;
      while (!driver.pendingText.includes("\r\n") && !driver.ended && Date.now() < deadline) await pause(10);
      demand(driver.pendingText.length < 1000, `${driver.pendingText.length} octets were sent in return`);
    },
  },
  {
    ids: "S-15",
    title: "a flood of pipelined commands does not grow replies without bound",
    run: async (target) => {
      const socket = await connected(target.explicitPort);
      socket.pause();
      const flood = Buffer.from(`HELP${" ".repeat(94)}\r\n`.repeat(1000));
      const taken = () => socket.bytesWritten - socket.writableLength;
      // More than what both systems' socket buffers hold of a connection that nobody reads.
      const tooMany = 12_000_000;
      for (let drained = true; drained && !socket.destroyed && taken() < tooMany;) {
        if (socket.write(flood)) continue;
        const drain = new Promise((resolve) => socket.once("drain", resolve).once("close", resolve));
        drained = await Promise.race([drain.then(() => true), pause(2000).then(() => false)]);
      }
      const took = taken();
      socket.destroy();
      demand(took < tooMany, `the server took ${took} octets of commands from a peer that reads no reply`);
    },
  },
  {
    ids: "S-15",
    title: "who says nothing is sent away",
    setup: { limits: { preLoginMs: 300 } },
    run: async (target) => {
      await using driver = await target.greeted();
      demand(await driver.waitForEnd(2500), "a silent connection was kept");
    },
  },
  {
    ids: "S-15",
    title: "one address does not take all connections",
    setup: { limits: { connectionsPerHostCount: 5 } },
    run: async (target) => {
      const sockets: Socket[] = [];
      for (let count = 0; count < 8; count++) sockets.push(await connected(target.explicitPort));
      const open = () => sockets.filter((socket) => !socket.destroyed).length;
      const deadline = Date.now() + 2000;
      while (open() > 5 && Date.now() < deadline) await pause(20);
      const kept = open();
      for (const socket of sockets) socket.destroy();
      demand(kept <= 5, `${kept} connections from one address were kept where 5 are allowed`);
    },
  },
  {
    ids: "S-15",
    title: "a flood of EPSV keeps one port open, not one for each",
    run: async (target) => {
      await using driver = await target.loggedIn();
      const ports: number[] = [];
      for (let count = 0; count < 60; count++) {
        const { text } = await driver.expect("EPSV", 229);
        ports.push(Number(/\|(\d+)\|/.exec(text)?.[1]));
      }
      const last = ports.pop();
      const lives: boolean[] = [];
      for (const port of new Set(ports)) if (port !== last) lives.push(await staysOpen(port));
      demand(!lives.includes(true), `${lives.filter(Boolean).length} earlier ports still take connections`);
    },
  },
  {
    ids: "S-27",
    title: "orders of AUTH, PBSZ, PROT, USER and PASS never lead to unprotected data or a login in clear",
    run: async (target) => {
      for (const order of [
        ["PBSZ 0", "PROT P", "USER alice", "PASS secret", "PWD"],
        ["USER alice", "PASS secret", "PBSZ 0", "PROT P", "PWD"],
        ["PROT P", "PBSZ 0", "PASS secret", "USER alice", "PASS secret", "EPSV", "LIST"],
        ["REIN", "USER alice", "PASS secret", "LIST"],
      ]) {
        await using driver = await target.greeted();
        for (const line of order) {
          const { code } = await driver.command(line);
          const harmless = code >= 500 || code === 421 || (line === "REIN" && code === 220);
          demand(harmless, `${order.join(", ")}: ${line} in clear was answered ${code}`);
        }
      }
    },
  },
  {
    ids: "S-27",
    title: "no verb that touches files or data is heard before the login, though TLS is there",
    run: async (target) => {
      await using driver = await target.greeted();
      await driver.expect("AUTH TLS", 234);
      await driver.startTls(anyCertificate);
      for (const line of [
        "SITE CPFR /etc/passwd",
        "SITE CPTO here",
        "SITE CHMOD 777 file",
        "MKD planted",
        "RNFR file",
        "DELE file",
        "SIZE file",
        "STAT /",
        "HASH file",
        "EPSV",
        "PORT 127,0,0,1,200,200",
        "RETR file",
        "STOR file",
        "LIST",
      ]) {
        const { code } = await driver.command(line);
        demand(code >= 500, `${line} before the login was answered ${code}`);
      }
    },
  },
  {
    ids: "S-23",
    title: "CCC does not end TLS where TLS is required",
    run: async (target) => {
      await using driver = await target.loggedIn();
      const { code } = await driver.command("CCC");
      demand(code >= 500, `CCC was answered ${code}`);
    },
  },
  {
    ids: "S-29",
    title: "greeting, SYST, HELP, STAT, FEAT and errors tell no version and no path of the host",
    run: async (target) => {
      await using first = await FtpDriver.connect(target.explicitPort);
      const texts = [(await first.reply()).text];
      await using driver = await target.loggedIn();
      for (const line of ["SYST", "HELP", "STAT", "FEAT", "CSID Name=x;", "CWD nowhere", "RETR nowhere"]) {
        texts.push((await driver.command(line)).text);
      }
      for (const text of texts) {
        demand(!/\d+\.\d+\.\d+(?!\.\d)/.test(text.replace(/127\.0\.0\.1/g, "")), `a version in: ${text}`);
        demand(!text.includes(target.directory), `a path of the host in: ${text}`);
      }
    },
  },
  {
    ids: "S-33",
    title: "plain octets inside the TLS stream end the connection",
    run: async (target) => {
      await using driver = await target.greeted();
      const raw = driver.socket;
      await driver.expect("AUTH TLS", 234);
      const secured = await driver.startTls(anyCertificate);
      await driver.expect("NOOP", 200);
      raw.write("NOOP\r\nNOOP\r\n");
      await new Promise((resolve) => {
        secured.once("close", resolve).once("error", resolve);
        setTimeout(resolve, 2000);
      });
      demand(!/200 /.test(driver.pendingText), "plain octets were answered");
      demand(driver.ended, "the connection went on");
    },
  },
];

async function connected(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => undefined).resume();
  await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
  return socket;
}

/** Whether a connection to a port is taken and kept; a port that rests may take one and close it (S-07). */
async function staysOpen(port: number): Promise<boolean> {
  const socket = await connected(port);
  if (!socket.destroyed) await Promise.race([new Promise((resolve) => socket.once("close", resolve)), pause(50)]);
  const open = !socket.destroyed;
  socket.destroy();
  return open;
}
