import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { InspectFlags } from "../../src/inspect/flags.ts";
import { planOf } from "../../src/inspect/plan.ts";
import { readPolicy } from "../../src/inspect/policy-file.ts";
import { namedTargets } from "../../src/inspect/targets.ts";

const scratch = mkdtempSync(join(tmpdir(), "sallyport-inspect-"));
after(() => rmSync(scratch, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(scratch, name);
  writeFileSync(path, text);
  return path;
}

describe("a policy", () => {
  test("says what servers have to be like, in TOML and in JSON alike", () => {
    const toml = `
      min-grade = "a-"
      min-tls = "A"
      require = ["P1", "d"]
      accept = "D8"
      min-certificate-days = 14
      only = ["P", "D"]
      [targets]
      allow = ["*.example.org", "192.0.2.0/24"]
      only-allowed = true
    `;
    const said = {
      demands: { minGrade: "A-", minTls: "A", require: ["P1", "D"], accept: ["D8"], minCertificateDays: 14 },
      only: ["P", "D"],
      targets: { allow: ["*.example.org", "192.0.2.0/24"], onlyAllowed: true, allowsPrivate: true },
    };
    assert.deepEqual(readPolicy(file("policy.toml", toml)), said);
    const json = {
      ...{ "min-grade": "A-", "min-tls": "A", require: "P1,D", accept: ["D8"], "min-certificate-days": 14 },
      ...{ only: ["P", "D"], targets: { allow: ["*.example.org", "192.0.2.0/24"], "only-allowed": true } },
    };
    assert.deepEqual(readPolicy(file("policy.json", JSON.stringify(json))), said);
  });

  const faults: readonly (readonly [name: string, text: string, said: RegExp])[] = [
    ["syntax.toml", "min-grade =\n", /^In .*syntax\.toml:1:\d+: this is not TOML/],
    ["syntax.json", "{", /syntax\.json:1:1: this is not JSON/],
    ["list.json", "[1]", /list\.json:1:1: this is not an object of JSON/],
    ["key.toml", "colour = 1\nmin-tls = 1\n", /key\.toml:1:1: there is no "colour" here; .* \(and 1 more/],
    ["proto.json", '{"__proto__": 1, "constructor": 2}', /there is no "__proto__" here/],
    ["checks.toml", 'require = ["P1", "Q9"]', /require takes a list of checks, as in \["P1", "T1"\] or \["C"\]\.$/],
    ["days.toml", "min-certificate-days = -1", /takes a whole number of days from 0 to 3650/],
    ["targets.toml", "[targets]\nprivate = 1\n", /targets\.toml:2:1: private takes true or false/],
    ["flat.toml", "targets = 1", /targets takes a table, as in \[targets\]/],
  ];
  for (const [name, text, said] of faults) {
    test(`with a fault is refused with its place: ${name}`, () => {
      assert.throws(() => readPolicy(file(name, text)), { code: "SALLYPORT_CONFIG_SETTING", message: said });
    });
  }

  test("that cannot be read, or is endless, is refused", () => {
    assert.throws(() => readPolicy(join(scratch, "none.toml")), {
      message: /^The policy .* cannot be read \(.*ENOENT\)/,
    });
    assert.throws(() => readPolicy("/dev/zero"), { message: /has more than 1 MiB/ });
  });
});

describe("targets", () => {
  test("come from the command line and from a file, each once, with an implicit port where one is named", async () => {
    const list = file("list.txt", "a.test # ours\n\n  [::1]:2121\toff\nb.test 9990\r\na.test\n");
    assert.deepEqual(await namedTargets([{ host: "c.test", port: 21 }], list), [
      { host: "c.test", port: 21 },
      { host: "a.test" },
      { host: "::1", port: 2121, implicitPort: "off" },
      { host: "b.test", implicitPort: 9990 },
    ]);
  });

  const faults: readonly (readonly [text: string, said: RegExp])[] = [
    ["good.test\nftp://bad\n", /^In .*:2: a target is a host name or an address/],
    ["good.test 21 22", /:1: a target is HOST\[:PORT\], and behind it at most the implicit port\.$/],
    ["good.test 0", /:1: a target is a port from 1 to 65535\.$/],
    ["# nobody", /^HOST is missing/],
    [Array.from({ length: 1001 }, (_, count) => `host${count}`).join("\n"), /^1001 servers are more than the 1000/],
  ];
  for (const [text, said] of faults) {
    test(`that are none are refused: ${text.slice(0, 20).replaceAll("\n", " ")}`, async () => {
      await assert.rejects(namedTargets([], file("bad.txt", text)), { code: "SALLYPORT_USAGE", message: said });
    });
  }
});

describe("flags that exclude each other", () => {
  const ground: InspectFlags = { implicitPort: 990, parallel: 4, timeout: 10, maxTime: 300 };
  const cases: readonly (readonly [flags: Partial<InspectFlags>, said: RegExp])[] = [
    [{ jsonl: true, json: true }, /--json and --jsonl name two forms of a report/],
    [{ jsonl: true, format: "csv" }, /--jsonl and --format name two forms/],
    [{ includeSecrets: true }, /there is no --capture/],
    [{ watch: 1, capture: "x" }, /--watch goes on without end/],
    [{ output: "x" }, /name its form with --format/],
  ];
  for (const [flags, said] of cases) {
    test(Object.keys(flags).join(" and "), async () => {
      const plan = planOf([{ host: "a.test" }], { ...ground, ...flags });
      await assert.rejects(plan, { code: "SALLYPORT_USAGE_CONTRADICTION", message: said });
    });
  }

  test("a pattern of targets that is none is refused with the file it stands in", async () => {
    const policy = file("pattern.toml", '[targets]\nallow = ["a/b/c:99x"]\n');
    await assert.rejects(planOf([{ host: "a.test" }], { ...ground, policy }), {
      code: "SALLYPORT_CONFIG_SETTING",
      message: /^In .*pattern\.toml, allow of targets: .*$/,
    });
  });

  test("what the command line demands goes before the policy", async () => {
    const policy = file("mild.toml", 'min-grade = "C"\nonly = "C"\n');
    const target = { host: "a.test" };
    const options = async (flags: Partial<InspectFlags>) =>
      (await planOf([target], { ...ground, ...flags })).optionsFor(target);
    assert.deepEqual((await options({})).demands, { minGrade: "B" });
    assert.deepEqual((await options({ policy })).demands, { minGrade: "C" });
    const both = await options({ policy, minGrade: "A", only: ["P"], require: ["P1"] });
    assert.deepEqual([both.demands, both.only], [{ minGrade: "A", require: ["P1"] }, ["P"]]);
  });
});
