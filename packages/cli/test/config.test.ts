import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { runSallyport, scratchDirectory } from "./run-sallyport.ts";

const scratch = scratchDirectory();
const good = join(scratch, "good.toml");
const bad = join(scratch, "bad.toml");
writeFileSync(good, 'greeting = "Hello."\n[limits]\nidleMs = "15 min"\n');
writeFileSync(bad, 'greeting = 3\nrequier-tls = "none"\n');

describe("config", { concurrency: 2 }, () => {
  test("check ends with 0 where everything is in order, and with 78 and every fault where it is not", async () => {
    assert.deepEqual(await runSallyport(["config", "check", good]), {
      code: 0,
      stdout: `${good} is in order.\n`,
      stderr: "",
    });
    const { code, stdout, stderr } = await runSallyport(["config", "check", bad]);
    assert.equal(code, 78);
    assert.deepEqual(stdout.split("\n"), [
      `${bad}:1:1: greeting takes one line of printable ASCII, at most 200 characters, not 3.`,
      `${bad}:2:1: there is no setting "requier-tls"; the nearest is require-tls.`,
      "",
    ]);
    assert.equal(stderr, "sallyport: The configuration has 2 faults; a server would not start with it.\n");
    const json = JSON.parse((await runSallyport(["config", "check", bad, "--json"])).stdout) as { problems: unknown[] };
    assert.deepEqual(json.problems[1], {
      origin: { from: "file", file: bad, line: 2, column: 1 },
      key: "requier-tls",
      text: 'there is no setting "requier-tls"; the nearest is require-tls',
    });
  });

  test("show tells each value and where it comes from", async () => {
    const environment = { SALLYPORT_SERVE_GRACE: "1 min" };
    const { code, stdout } = await runSallyport(["config", "show", good], { environment });
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^greeting = "Hello\\."  +# ${good}:1:1$`, "m"));
    assert.match(stdout, /^grace = "1 min"  +# SALLYPORT_SERVE_GRACE$/m);
    assert.match(stdout, /^durable = false  +# default$/m);
    assert.match(stdout, /^root is not set  +# default$/m);
    const json = await runSallyport(["config", "show", good, "--json"], { environment });
    const rows = JSON.parse(json.stdout) as { name: string }[];
    assert.deepEqual(
      rows.find(({ name }) => name === "limits.idleMs"),
      { name: "limits.idleMs", value: 900_000, origin: `${good}:3:1`, changes: "live" },
    );
  });

  test("init writes what check accepts", async () => {
    const { code, stdout } = await runSallyport(["config", "init"]);
    assert.equal(code, 0);
    const file = join(scratch, "init.toml");
    writeFileSync(file, stdout);
    assert.equal((await runSallyport(["config", "check", file])).code, 0);
  });

  test("66 a file that is missing or no text; 78 a variable that is not known, and the file of a variable", async () => {
    const missing = await runSallyport(["config", "check", join(scratch, "none.toml")]);
    assert.equal(missing.code, 66);
    assert.match(
      missing.stderr,
      /^sallyport: The configuration .*none\.toml cannot be read \(the system says ENOENT\)/,
    );
    const binary = join(scratch, "binary.toml");
    writeFileSync(binary, Buffer.from([0xff, 0xfe, 0x00]));
    assert.match((await runSallyport(["config", "check", binary])).stderr, /it is not UTF-8/);
    const unknown = await runSallyport(["config", "show"], { environment: { SALLYPORT_SERVE_LISTEM: "x" } });
    assert.equal(unknown.code, 78);
    assert.match(
      unknown.stderr,
      /no setting for the variable SALLYPORT_SERVE_LISTEM: the nearest is SALLYPORT_SERVE_LISTEN/,
    );
    const named = await runSallyport(["config", "check"], { environment: { SALLYPORT_SERVE_CONFIG: bad } });
    assert.equal(named.code, 78);
  });

  test("serve does not start with a fault, says it in one sentence, and writes nothing", async () => {
    const { code, stdout, stderr } = await runSallyport([
      "serve",
      scratch,
      "--config",
      bad,
      "--state",
      join(scratch, "state"),
    ]);
    assert.deepEqual([code, stdout], [78, ""]);
    assert.match(
      stderr,
      /^sallyport: In .*bad\.toml:1:1: greeting takes .*, not 3 \(and 1 more: "sallyport config check" lists them\)\.\n$/,
    );
  });

  test("64 a flag and the [[listener]] tables that say both where to listen; DIR that nobody says", async () => {
    const file = join(scratch, "listener.toml");
    writeFileSync(file, '[[listener]]\nmode = "implicit"\nport = 0\n');
    const both = await runSallyport(["serve", scratch, "--config", file, "--implicit-port", "0"]);
    assert.equal(both.code, 64);
    assert.match(
      both.stderr,
      /--implicit-port and the \[\[listener\]\] tables say both where to listen: leave one out\.$/m,
    );
    const nowhere = await runSallyport(["serve", "--config", file]);
    assert.equal(nowhere.code, 64);
    assert.match(nowhere.stderr, /^sallyport: DIR is missing/);
  });
});
