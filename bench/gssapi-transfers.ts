/**
 * Measures transfers that Kerberos protects (PROT P), against gss_wrap alone.
 *
 *     npm run bench -- gssapi-transfers [--mib 128] [--runs 3]
 *
 * A server of ours in this process sends a file from memory to a peer in another process that throws the octets away,
 * and takes blocks that were sealed before; gss_wrap alone runs in a process of its own that does nothing else (the
 * bound, as in bench/gssapi.ts), and they take turns. Prints MB/s and the ratios of the medians (the target is 0.6 at
 * least), and the 99th percentile of the delay of the server's event loop, idle and while it sends (within 5 ms).
 */
import { gssapiMechanism } from "@sallyport/gssapi";
import { SealedDriver, startKdc, startTestServer, testAccount } from "@sallyport/testing";
import { fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    mib: { type: "string", default: "128" },
    runs: { type: "string", default: "3" },
    discard: { type: "boolean" },
  },
});
const sizeBytes = Number(values.mib) * 1_048_576;
/** As the data path cuts a file. */
const blockBytes = 262_144;

if (values.discard) discardOnDemand();
else await compare();

async function compare(): Promise<void> {
  await using kdc = await startKdc();
  const environment = { ...kdc.environment, KRB5CCNAME: await kdc.tickets("alice") };
  const processOptions = {
    env: { ...process.env, ...environment },
    execArgv: ["--conditions=source", "--disable-warning=ExperimentalWarning"],
  };
  const alone = fork(new URL("gssapi.ts", import.meta.url), ["--alone", "--mib", values.mib], processOptions);
  const discarding = fork(import.meta.filename, ["--discard"], processOptions);
  await using mechanism = gssapiMechanism({ environment });
  await using clients = gssapiMechanism({ environment });
  await using server = await startTestServer({
    gssapi: { mechanism, suffices: true },
    authenticator: {
      identify: async (user, { principal }) => (principal === undefined ? undefined : testAccount(user)),
      authenticate: async () => ({ kind: "refused" }),
    },
  });
  writeFileSync(join(server.directory, "file"), Buffer.alloc(sizeBytes, "sallyport"));
  await using client = await SealedDriver.logIn(await server.greeted(), clients);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await pause(2_000);
  const idleMs = delay.percentile(99) / 1e6;
  const rates: Record<"alone" | "sent" | "received", number[]> = { alone: [], sent: [], received: [] };
  const sendingMs: number[] = [];
  for (let run = 0; run < Number(values.runs); run++) {
    alone.send(blockBytes);
    rates.alone.push(((await once(alone, "message")) as [number])[0]);
    delay.reset();
    rates.sent.push(await rateOfDownload());
    sendingMs.push(delay.percentile(99) / 1e6);
    rates.received.push(await rateOfUpload());
  }
  const [bound, sent, received] = [median(rates.alone), median(rates.sent), median(rates.received)];
  console.log(
    `gss_wrap alone ${bound.toFixed(0)} MB/s, RETR ${sent.toFixed(0)} MB/s (${(sent / bound).toFixed(2)}), STOR ${received.toFixed(0)} MB/s (${(received / bound).toFixed(2)})`,
  );
  const percentiles = `idle ${idleMs.toFixed(2)} ms, sending ${median(sendingMs).toFixed(2)} ms`;
  console.log(`event loop delay of the server, 99th percentile: ${percentiles}`);
  alone.disconnect();
  discarding.disconnect();

  async function rateOfDownload(): Promise<number> {
    const { text } = await client.expect("EPSV", 229);
    discarding.send(Number(/\|(\d+)\|\)/.exec(text)?.[1]));
    await once(discarding, "message");
    const startMs = performance.now();
    await client.expect("RETR file", 150);
    if ((await client.reply()).code !== 226) throw new Error("the download failed");
    return sizeBytes / 1_000 / (performance.now() - startMs);
  }

  async function rateOfUpload(): Promise<number> {
    const data = await client.openPassive();
    await client.expect("STOR upload", 150);
    const blocks = Buffer.concat(
      await client.blocks(Buffer.alloc(sizeBytes / 4, "sallyport"), { tokenBytesMax: blockBytes }),
    );
    const startMs = performance.now();
    data.resume().end(blocks);
    if ((await client.reply()).code !== 226) throw new Error("the upload failed");
    return blocks.length / 1_000 / (performance.now() - startMs);
  }
}

/** In the other process: connects to each port that it is told, and throws away what comes. */
function discardOnDemand(): void {
  process.on("message", (port: number) => {
    const socket = connect(port, "127.0.0.1", () => process.send?.("connected"));
    socket.resume();
  });
}

function median(given: readonly number[]): number {
  return given.toSorted((one, other) => one - other)[given.length >> 1] ?? Number.NaN;
}
