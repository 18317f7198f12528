/**
 * Measures the memory of idle control connections under TLS: the transport alone, without an FTP server on top.
 *
 *     node --conditions=source bench/idle-control-connections.ts [count] [fallback]
 *
 * Prints KiB of anonymous PSS for each connection (Linux, /proc/self/smaps_rollup; pages of the program come and go), each greeted inside TLS 1.3 by a client in
 * another process. `fallback` forgoes the ticket-key hook, so that each connection has a secure context of its own.
 */
import { octetsFromText } from "@sallyport/protocol";
import { makeTestIdentity } from "@sallyport/testing";
import { ControlConnection, ServerTlsProfile } from "@sallyport/transport";
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { connect } from "node:tls";

if (process.argv[2] === "--connect") holdConnections(Number(process.argv[3]), Number(process.argv[4]));
else await measure(Number(process.argv[2] ?? 500), process.argv[3] !== "fallback");

async function measure(count: number, privateHooks: boolean): Promise<void> {
  const identities = [makeTestIdentity({ names: ["localhost"] })];
  const profile = await ServerTlsProfile.create({ identities, privateHooks });
  const connections: ControlConnection[] = [];
  const secured = Promise.withResolvers<void>();
  const server = createServer({ allowHalfOpen: true, backlog: 1024 } as object, (tcp) => {
    const connection = new ControlConnection(tcp, { onOctets() {}, onPeerEnd() {}, onClosed() {} });
    connections.push(connection);
    connection.startTls(profile).then(() => {
      connection.write(octetsFromText("220 ready\r\n"));
      if (connections.length === count) secured.resolve();
    }, secured.reject);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await settle();
  const before = pssKiB();
  const { port } = server.address() as AddressInfo;
  const clients = fork(import.meta.filename, ["--connect", String(port), String(count)]);
  await secured.promise;
  await settle();
  const each = (pssKiB() - before) / count;
  console.log(`${count} idle TLS control connections: ${each.toFixed(1)} KiB PSS each`);
  clients.kill();
  process.exit(0);
}

function holdConnections(port: number, count: number): void {
  let opened = 0;
  const open = (): void => {
    if (opened++ >= count) return;
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    socket.on("error", () => {}).once("data", open);
  };
  for (let parallel = 0; parallel < 8; parallel++) open();
}

function pssKiB(): number {
  return Number(/^Pss_Anon:\s+(\d+)/m.exec(readFileSync("/proc/self/smaps_rollup", "latin1"))?.[1]);
}

/** Lets garbage be collected as it would be in a server that rests. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1500));
}
