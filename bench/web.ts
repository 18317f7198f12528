// npm run bench -- web [OPTION…]: what the gateway of the online client moves, against `sallyport get` and `put`; see --help.
import { sallyportCommand } from "@sallyport/testing";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { parseArgs, promisify } from "node:util";
import { BrowserHalf } from "../packages/web/test/browser-half.ts";
import type { LoginJson, UploadJson } from "../packages/web/src/api/api.ts";
import { commandOf, type ClientSite } from "./client/programs.ts";
import { clientSizes } from "./client/workloads.ts";
import { type Ground, makeGround } from "./comparison/ground.ts";
import { meterProcesses, ownProcessorSeconds, type ProcessMeter } from "./comparison/processes.ts";
import { compileProgram, startProgram } from "./comparison/program.ts";
import { spread } from "./comparison/rounds.ts";
import { startSallyport } from "./comparison/sallyport.ts";

const usage = `npm run bench -- web [OPTION…]   what the gateway moves, against sallyport get and put at the same server
  --pairs N      runs of each pair (default 7)
  --mebibytes N  size of the file (default 1024)
  --only NAME    download or upload
  --profile DIR  keeps a processor profile of the gateway there
`;

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "7" },
    mebibytes: { type: "string", default: "1024" },
    only: { type: "string" },
    profile: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const mebibyte = 1_048_576;
const execute = promisify(execFile);
const deadlineMs = 120_000;

if (values.help) process.stdout.write(usage);
else await compare();

/** Rates in MiB/s. `get` and `put` are measured from login to end: that they have to start is left out. */
async function compare(): Promise<void> {
  const sizes = { ...clientSizes.smoke, bulkBytes: Number(values.mebibytes) * mebibyte };
  using ground = makeGround(sizes);
  const server = await startSallyport({ ground, workers: 1, options: [], preloads: [] });
  const gateway = await startGateway(ground, values.profile);
  try {
    const caFile = join(ground.certificates, "ca.pem");
    const site = { host: "127.0.0.1", port: server.port, caFile, state: join(ground.directory, "client-state") };
    const browser = new BrowserHalf(gateway.port);
    const login = await signIn(browser, site);
    const browserProgram = await compileProgram("web-browser", ground.directory);
    const contest = { browser, login, site, ground, browserProgram };
    using gatewayMeter = meterProcesses([gateway.pid]);
    using serverMeter = meterProcesses(server.roots);
    const metered = (work: () => Promise<number>) => meter(work, ground, gatewayMeter, serverMeter);
    const ways = [
      { name: "download", ours: () => viaGateway(contest, "download"), command: () => byCommand(contest, "get") },
      { name: "upload", ours: () => viaGateway(contest, "upload"), command: () => byCommand(contest, "put") },
    ].filter(({ name }) => values.only === undefined || values.only === name);
    for (const { name, ours, command } of ways) {
      const pairs: Pair[] = [];
      for (let pair = 0; pair < Number(values.pairs); pair++) {
        const isOursFirst = pair % 2 === 0;
        const first = await metered(isOursFirst ? ours : command);
        const second = await metered(isOursFirst ? command : ours);
        pairs.push(isOursFirst ? { ours: first, theirs: second } : { ours: second, theirs: first });
      }
      process.stdout.write(`${name}: ${pairsText(pairs, name === "download" ? "get" : "put")}\n`);
    }
    process.stdout.write(`memory of the gateway at its highest: ${gateway.peakMebibytes()} MiB\n`);
  } finally {
    await gateway.stop();
    await server.stop();
  }
}

/** One run: MiB/s, and seconds of processor time for each GiB. */
interface Metered {
  readonly rate: number;
  readonly gateway: number;
  readonly server: number;
  /** The browser's place, or the command with its start. */
  readonly client: number;
}

interface Pair {
  readonly ours: Metered;
  readonly theirs: Metered;
}

async function meter(
  work: () => Promise<number>,
  { sizes }: Ground,
  gateway: ProcessMeter,
  server: ProcessMeter,
): Promise<Metered> {
  const read = () => [gateway.processorSeconds(), server.processorSeconds(), ownProcessorSeconds()] as const;
  const before = read();
  const rate = await work();
  const after = read();
  const gibibytes = sizes.bulkBytes / mebibyte / 1024;
  return {
    rate,
    gateway: (after[0] - before[0]) / gibibytes,
    server: (after[1] - before[1]) / gibibytes,
    client: (after[2] - before[2]) / gibibytes,
  };
}

function pairsText(pairs: readonly Pair[], verb: "get" | "put"): string {
  const ours = pairs.map((pair) => pair.ours);
  const theirs = pairs.map((pair) => pair.theirs);
  const median = (runs: readonly Metered[], what: keyof Metered): number => spread(runs.map((run) => run[what])).median;
  const ratio = spread(pairs.map((pair) => pair.ours.rate / pair.theirs.rate));
  const range = `${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)}`;
  const costs = (runs: readonly Metered[], what: readonly (keyof Metered)[]): string =>
    what.map((name) => `${name} ${median(runs, name).toFixed(2)}`).join(", ");
  return [
    `gateway ${rateText(median(ours, "rate"))}, sallyport ${verb} ${rateText(median(theirs, "rate"))}`,
    `, ratio ${ratio.median.toFixed(2)} (${range}); processor seconds for each GiB: `,
    `${costs(ours, ["gateway", "server", "client"])}; with sallyport ${verb}: ${costs(theirs, ["server", "client"])}`,
  ].join("");
}

interface RunningGateway {
  readonly pid: number;
  readonly port: number;
  peakMebibytes(): number;
  stop(): Promise<void>;
}

/** The gateway as the command starts it. */
async function startGateway(ground: Ground, profile: string | undefined): Promise<RunningGateway> {
  const words = ["web", "--port", "0", "--json", "--state", join(ground.directory, "web-state")];
  const options = profile === undefined ? "" : `--cpu-prof --cpu-prof-dir=${profile}`;
  const child = spawn(sallyportCommand, words, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_OPTIONS: options },
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const lines = createInterface({ input: child.stdout });
  const line = await new Promise<string>((resolve, reject) => {
    lines.once("line", resolve);
    child.once("close", () => reject(new Error("the gateway did not start")));
  });
  const { url } = JSON.parse(line) as { readonly url: string };
  return {
    pid: child.pid ?? 0,
    port: Number(new URL(url).port),
    peakMebibytes: () => {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024);
    },
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** Trusts the server's key as a person would. */
async function signIn(browser: BrowserHalf, { host, port }: ClientSite): Promise<LoginJson> {
  const request = { address: `${host}:${port}`, security: "explicit", user: "alice", password: "secret" } as const;
  const refused = (await (await browser.post("/api/logins", request)).json()) as {
    readonly certificate?: { readonly pin: string };
  };
  return browser.signIn({ ...request, pin: refused.certificate?.pin });
}

interface Contest {
  readonly browser: BrowserHalf;
  readonly login: LoginJson;
  readonly site: ClientSite;
  readonly ground: Ground;
  /** Compiled. */
  readonly browserProgram: string;
}

/** By a program in the browser's place, which does next to nothing itself. */
async function viaGateway(contest: Contest, way: "download" | "upload"): Promise<number> {
  const { ground } = contest;
  const { bulkBytes } = ground.sizes;
  if (way === "download") {
    const { seconds, bodyBytes } = await ask(contest, `GET ${await downloadUrl(contest)}`, 0);
    if (bodyBytes !== bulkBytes) throw new Error(`${bodyBytes} octets came`);
    return rateOf(ground, seconds);
  }
  const { seconds } = await ask(contest, `PATCH ${await uploadUrl(contest)}`, bulkBytes);
  check(join(ground.home, "up", "web"), ground);
  return rateOf(ground, seconds);
}

interface Answered {
  readonly seconds: number;
  readonly bodyBytes: number;
}

async function ask({ browser, browserProgram }: Contest, line: string, bytes: number): Promise<Answered> {
  const { host, port } = new URL(browser.origin);
  const headers = [`${line} HTTP/1.1`, `Host: ${host}`, `Cookie: ${browser.cookie}`, "X-Sallyport: 1"];
  const body = bytes === 0 ? [] : [`Content-Length: ${bytes}`, "Upload-Offset: 0"];
  const head = `${[...headers, ...body, "Connection: close"].join("\r\n")}\r\n\r\n`;
  const child = startProgram(browserProgram, [port, String(bytes), head]);
  const [told, failed, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  if (code !== 0) throw new Error(`${line}: exit ${code} ${failed}`);
  return JSON.parse(told) as Answered;
}

async function downloadUrl({ browser, login }: Contest): Promise<string> {
  const answer = await browser.post(`/api/logins/${login.id}/downloads`, { path: "/big" });
  return ((await answer.json()) as { readonly url: string }).url;
}

async function uploadUrl({ browser, login, ground }: Contest): Promise<string> {
  const facts = { path: "/up/web", sizeBytes: ground.sizes.bulkBytes, modifiedMs: 1, onConflict: "overwrite" };
  const answer = (await (await browser.post(`/api/logins/${login.id}/uploads`, facts)).json()) as UploadJson;
  if (answer.kind !== "ready") throw new Error(JSON.stringify(answer));
  return answer.url;
}

async function byCommand({ site, ground }: Contest, kind: "get" | "put"): Promise<number> {
  const isGet = kind === "get";
  const job = {
    kind,
    streams: 1,
    remote: isGet ? "big" : "up/put",
    local: isGet ? fetchedFile(ground) : localFile(ground),
  };
  const command = commandOf("sallyport", job, site);
  if (command === undefined) throw new Error("the command does that");
  const { program, words, environment } = command;
  const given = { timeout: deadlineMs, env: { ...process.env, ...environment } };
  const { stdout } = await execute(program, [...words, "--json"], given);
  const { durationMs } = JSON.parse(stdout.split("\n", 1)[0] ?? "") as { readonly durationMs: number };
  check(isGet ? fetchedFile(ground) : join(ground.home, "up", "put"), ground);
  return rateOf(ground, durationMs / 1000);
}

/** That all of it came; and the next run begins without it. */
function check(file: string, { sizes }: Ground): void {
  const { size } = statSync(file);
  if (size !== sizes.bulkBytes) throw new Error(`${file} has ${size} octets`);
  rmSync(file);
}

function fetchedFile({ directory }: Ground): string {
  return join(directory, "fetched");
}

function localFile({ home }: Ground): string {
  return join(home, "big");
}

function rateOf({ sizes }: Ground, seconds: number): number {
  return sizes.bulkBytes / mebibyte / seconds;
}

function rateText(mebibytesPerSecond: number): string {
  return `${mebibytesPerSecond.toFixed(0)} MiB/s`;
}
