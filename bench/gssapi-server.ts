import { gssapiMechanism, type GssapiOptions } from "@sallyport/gssapi";
import { startTestServer, testAccount } from "@sallyport/testing";
import { writeFile } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { join } from "node:path";

/**
 * The server of bench/gssapi.ts, in a process of its own: takes alice's ticket, serves big.bin, and answers each message
 * with the 99th percentile of its event loop's delay since the one before, in milliseconds.
 */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- by who forked it
const { sizeBytes, ...options } = JSON.parse(process.argv[2] ?? "{}") as GssapiOptions & { sizeBytes: number };

const mechanism = gssapiMechanism(options);
const server = await startTestServer({
  authenticator: {
    identify: (user, { principal }) =>
      Promise.resolve(principal?.accountNames.includes(user) === true ? testAccount(user) : undefined),
    authenticate: () => Promise.resolve({ kind: "refused" }),
  },
  gssapi: { mechanism, suffices: true },
});
await writeFile(join(server.directory, "big.bin"), Buffer.alloc(sizeBytes, "sallyport"));
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
process.on("message", () => {
  process.send?.(delay.percentile(99) / 1e6);
  delay.reset();
});
process.once("disconnect", () => {
  void server[Symbol.asyncDispose]().then(() => mechanism[Symbol.asyncDispose]());
});
process.send?.(server.explicitPort);
