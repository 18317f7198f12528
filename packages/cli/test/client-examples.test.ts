import { needs } from "@sallyport/testing";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { launcher, scratchDirectory } from "./run-sallyport.ts";

/**
 * What people are told to type, typed as it stands: with the standard ports and state directory, in a network of its own
 * where these are free, and in a file system where that directory is.
 */
const examples: readonly (readonly [typed: string, prints: RegExp])[] = [
  [
    "./sallyport ls ftpes://alice@127.0.0.1:2121/",
    /^-(?:rw-r--r--)? +4\.8 MiB .*big\.iso\n.*pub\/\n1 directory, 1 file, 4\.8 MiB\n$/s,
  ],
  [
    "./sallyport get ftps://alice@127.0.0.1:2990/big.iso --output big.iso --segments 4 --resume --ca STATE/tls/ca.pem",
    /^1 file, 4\.8 MiB in /,
  ],
  ["cmp big.iso served/big.iso && echo same", /^same\n$/],
  ["./sallyport put site/ ftpes://alice@127.0.0.1:2121/www/ --recursive", /^2 files, 20 B in /],
  ["diff -r site served/www && echo same", /^same\n$/],
  [
    "./sallyport mirror ftpes://alice@127.0.0.1:2121/pub ./pub --parallel 8 --delete --dry-run --json",
    /^\{.*"path":"hello\.txt".*\}\n\{.*"path":"extra\.txt".*\}\n\{.*\}\n$/,
  ],
  ["ls pub", /^extra\.txt\n$/],
  ["./sallyport mirror ./pub ftpes://alice@127.0.0.1:2121/pub --parallel 8 --delete", /^1 file, /],
  ["ls served/pub", /^extra\.txt\n$/],
  ["printf 'cd pub\\nls\\n' | ./sallyport shell ftpes://alice@127.0.0.1:2121", /extra\.txt/],
];

const preparation = `
set -eu
ip link set lo up
mkdir -p /var/lib && mount -t tmpfs none /var/lib
mkdir -p served/pub site/img pub
head -c 5000000 /dev/urandom > served/big.iso
echo hello > served/pub/hello.txt
echo extra > pub/extra.txt
echo "<p>hello</p>" > site/index.html
echo "<svg/>" > site/img/logo.svg
export SALLYPORT_PASSWORD="correct horse battery"
echo "$SALLYPORT_PASSWORD" | ./sallyport user add alice --home / --password-stdin > /dev/null
./sallyport serve served --listen 127.0.0.1 --allow-root > server.log 2>&1 &
server=$!
trap 'kill -9 $server' EXIT
for _ in $(seq 100); do (exec 3<> /dev/tcp/127.0.0.1/2990) 2> /dev/null && break; sleep 0.1; done
`;

test("the examples work as written", { timeout: 90_000, skip: needs("linux", "root", "mount", "curl") }, (context) => {
  const folder = scratchDirectory();
  symlinkSync(launcher, join(folder, "sallyport"));
  symlinkSync("/var/lib/sallyport", join(folder, "STATE"));
  mkdirSync(join(folder, "home"));
  const isolated = ["--net", "--mount", "bash", "-c"];
  if (spawnSync("unshare", ["--net", "--mount", "true"]).status !== 0) return context.skip("no namespaces of its own");
  const mark = "--- ended with ";
  const script = [preparation, "set +e", ...examples.map(([typed]) => `{ ${typed}; }\necho "${mark}$?"`)].join("\n");
  const { HOME: _home, XDG_STATE_HOME: _state, NODE_TEST_CONTEXT: _context, ...environment } = process.env;
  const { stdout, stderr } = spawnSync("unshare", [...isolated, script], {
    cwd: folder,
    env: { ...environment, HOME: join(folder, "home"), NO_COLOR: "1" },
    encoding: "utf8",
    timeout: 80_000,
    killSignal: "SIGKILL",
  });
  const outputs = stdout.split(new RegExp(`(?<=${mark}\\d+\n)`));
  for (const [at, [typed, prints]] of examples.entries()) {
    const [printed = "", code] = (outputs[at] ?? "").split(mark);
    assert.equal(code, "0\n", `${typed}\n${printed}${stderr}`);
    assert.match(printed, prints, typed);
  }
});
