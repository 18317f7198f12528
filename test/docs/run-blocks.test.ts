import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { mkdtemp, open, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { kdcNeeds, needs, nodeArguments, sallyportCommand, unpackedPeers } from "@sallyport/testing";
import { readFiles, repository } from "../tidy/source-files.ts";
import { type CodeBlock, codeBlocks } from "./markdown.ts";

/**
 * What the documents show, done: the `sh run` and `ts run` blocks of one document are one terminal, in a folder with
 * nothing in it but `./sallyport` and the packages. A block with `server PORT` behind `run` stays in the background until
 * the document ends, and what follows waits for its port. A `text printed` block shows lines of what the block before it
 * printed, in their order; `…` in them stands for what is different each time, and whole lines may be left out.
 */
const documents = readFiles("README.md", "docs/guide/**/*.md", "packages/*/README.md").map(
  ({ path, text: document }) => ({
    path,
    blocks: codeBlocks(document).filter(({ info }) => /\b(?:run|printed)\b/.test(info)),
  }),
);

/** What a document needs besides what all of them do. */
const furtherNeeds: Readonly<Record<string, readonly string[]>> = { "docs/guide/kerberos.md": kdcNeeds };

const documentMs = 90_000;
const runInfo = /^(?<language>sh|ts) run(?: server (?<port>\d+))?$/;
const printedInfo = "text printed";

test("no block asks for what is not known here", () => {
  const unknown = documents.flatMap(({ path, blocks }) =>
    blocks
      .filter(({ info }) => info !== printedInfo && !runInfo.test(info))
      .map(({ info, line }) => `${path}:${line}: ${info}`),
  );
  assert.deepEqual(unknown, []);
});

for (const { path, blocks } of documents.filter((document) => document.blocks.length > 0)) {
  test(
    `${path} does what it says`,
    { skip: needs("linux", "curl", "lftp", "openssl", "python3", "telnet", ...(furtherNeeds[path] ?? [])) },
    async () => {
      const { code, output } = await runInTerminal(blocks.filter(({ info }) => info !== printedInfo));
      assert.equal(code, 0, output);
      assert.deepEqual(linesNotPrinted(blocks, output), [], output);
    },
  );
}

test("a block that fails fails its document, and says which", { skip: needs("linux") }, async () => {
  const blocks = [
    { info: "sh run server 2999", code: "python3 -m http.server --bind 127.0.0.1 2999", line: 1 },
    {
      info: "ts run",
      code: 'import { limits } from "@sallyport/protocol";\nconsole.log(limits.idleMs.unit as string);',
      line: 5,
    },
    { info: "sh run", code: "false\necho not reached", line: 9 },
  ];
  const { code, output } = await runInTerminal(blocks);
  assert.equal(code, 1);
  assert.match(output, /--- line 5\nms\n--- line 9\n/);
  assert.doesNotMatch(output, /not reached/);
});

test("what a document shows and no program printed is found", () => {
  const blocks = [
    { info: "sh run", code: "date", line: 1 },
    { info: printedInfo, code: "a…z\nleft in\na…z", line: 5 },
  ];
  assert.deepEqual(linesNotPrinted(blocks, "--- line 1\nabcz\nleft out\n  left in\n--- line 9\naz\n"), ["line 5: a…z"]);
});

/** Lines of `text printed` blocks that the block before did not print, or not in that order. */
function linesNotPrinted(blocks: readonly CodeBlock[], output: string): readonly string[] {
  let printed: readonly string[] = [];
  return blocks.flatMap(({ info, code, line }) => {
    if (info !== printedInfo) {
      printed = (output.split(`--- line ${line}\n`)[1]?.split(/^--- line \d+$/m, 1)[0] ?? "").split("\n");
      return [];
    }
    let from = 0;
    return code.split("\n").flatMap((shown) => {
      const at = printed.findIndex((real, index) => index >= from && isLike(real.trim(), shown.trim()));
      if (at >= 0) from = at + 1;
      return at >= 0 ? [] : [`line ${line}: ${shown}`];
    });
  });
}

function isLike(real: string, pattern: string): boolean {
  const parts = pattern.split("…").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(".*")}$`).test(real);
}

/** Runs blocks in order, ends everything they started, and returns how it went with all that they printed. */
async function runInTerminal(blocks: readonly CodeBlock[]): Promise<{ code: number | null; output: string }> {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-docs-"));
  await symlink(sallyportCommand, join(folder, "sallyport"));
  await symlink(join(repository, "node_modules"), join(folder, "node_modules"));
  for (const { info, code, line } of blocks) {
    if (info.startsWith("ts")) await writeFile(join(folder, `line-${line}.mts`), code);
  }
  // A file takes every write. A pipe does not once a Node program has it and makes it non-blocking for all who share it:
  // after 167 unread small writes curl's next one fails, and curl ends with 23.
  const outputFile = join(folder, ".output");
  const output = await open(outputFile, "a");
  const script = [waitForPort, ...blocks.map(terminalStep)].join("\n");
  const [program, ...before] = isolation();
  const child = spawn(program, [...before, "bash", "-euo", "pipefail", "-c", script], {
    cwd: folder,
    env: { ...process.env, HOME: folder, NODE_TEST_CONTEXT: "", ...(await unpackedPrograms(folder)) },
    stdio: ["ignore", output.fd, output.fd],
    detached: true,
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const endAll = (): void => {
    if (child.pid !== undefined) spawnSync("kill", ["-KILL", "--", `-${child.pid}`]);
  };
  const bound = setTimeout(endAll, documentMs);
  const code = await ended;
  clearTimeout(bound);
  endAll();
  await output.close();
  const printed = await readFile(outputFile, "utf8");
  await rm(folder, { recursive: true, force: true });
  return { code, output: printed };
}

/** Programs that were unpacked in place of being installed, of which the KDC has to be told where its modules are. */
async function unpackedPrograms(folder: string): Promise<Readonly<Record<string, string>>> {
  const folders = ["usr/bin", "usr/sbin"].map((name) => join(unpackedPeers, name));
  const [modules] = globSync(join(unpackedPeers, "usr/lib/*/krb5/plugins/kdb"));
  const profile = join(folder, ".kdc-modules.conf");
  await writeFile(profile, modules === undefined ? "" : `[dbmodules]\n  db_module_dir = ${modules}\n`);
  return { PATH: [process.env["PATH"] ?? "", ...folders, "/usr/sbin"].join(":"), KRB5_CONFIG: profile };
}

// A greeting is waited for: a server takes connections before it serves them, and shows those that are gone until it
// does. Who has none to give, as HTTP and implicit TLS, has a second.
const waitForPort = `wait_for_port() {
  for _ in $(seq 200); do
    (exec 3<>/dev/tcp/127.0.0.1/$1 && { read -r -t 1 -u 3 || true; }) 2>/dev/null && return; sleep 0.1
  done
  echo "nothing listens on port $1"; return 1
}`;

function terminalStep({ info, code, line }: CodeBlock): string {
  const { language, port } = runInfo.exec(info)?.groups ?? {};
  const command = language === "ts" ? `${process.execPath} ${nodeArguments.join(" ")} line-${line}.mts` : code;
  // A person takes longer to the next block than a line takes to the log: 10 ms, and more where the cores are taken.
  const step = `${/\.log\b/.test(code) ? "sleep 1\n" : ""}echo "--- line ${line}"\n`;
  return port === undefined ? step + command : `${step}{\n${command}\n} &\nwait_for_port ${port}`;
}

/** As root the documents' ports are taken in a network of their own, where nothing else can have them. */
function isolation(): [string, ...string[]] {
  const canIsolate = process.getuid?.() === 0 && spawnSync("unshare", ["--net", "true"]).status === 0;
  return canIsolate ? ["unshare", "--net", "bash", "-c", 'ip link set lo up && exec "$@"', "bash"] : ["env"];
}
