import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import { parse, stringify } from "smol-toml";
import {
  compareConfigurations,
  type Configuration,
  effectiveValue,
  emptyLayer,
  environmentName,
  everySetting,
  fileForm,
  type Layer,
  problemError,
  problemLine,
  readConfigText,
  readConfiguration,
  sampleFile,
  type Setting,
  type SettingKey,
  type SettingValue,
  settingNames,
  settingRows,
  shownSettings,
} from "@sallyport/daemon/config";
import { readConfigFile } from "../../src/config/config-file.ts";
import { parseQuantity, quantityText } from "../../src/config/quantity.ts";

const scratch = mkdtempSync(join(tmpdir(), "sallyport-config-"));
after(() => rmSync(scratch, { recursive: true }));
const file = "/etc/sallyport/sallyport.toml";

function faultsOf(...lines: string[]): string[] {
  const { problems } = reading(lines);
  return problems.map((problem) => problemLine(problem).replace(/^.*sallyport\.toml:/, ""));
}

function reading(
  lines: readonly string[],
  environment: Record<string, string> = {},
  flags: Layer = emptyLayer,
): ReturnType<typeof readConfiguration> {
  const path = join(scratch, "sallyport.toml");
  writeFileSync(path, lines.join("\n"));
  return readConfiguration({ file: path, environment, flags });
}

function flagLayer(key: SettingKey, value: SettingValue): Layer {
  return { said: new Map([[key, { value, origin: { from: "flag", flag: `--${key}` } }]]), listeners: [] };
}

describe("a configuration file", () => {
  test("what is wrong is told with its place, what is allowed, and the nearest name", () => {
    assert.deepEqual(faultsOf('require-tls = "loginn"'), [
      '1:1: require-tls takes login,data | login | data | none, not "loginn"',
    ]);
    assert.deepEqual(faultsOf("# a comment", "", "  explict-port = 21"), [
      '3:3: there is no setting "explict-port"; the nearest is explicit-port',
    ]);
    assert.deepEqual(faultsOf("[limits]", 'idleMS = "3 s"'), [
      '2:1: there is no setting "idleMS" in [limits]; the nearest is idleMs',
    ]);
    assert.deepEqual(faultsOf("qqqqqqqq = 1"), [
      '1:1: there is no setting "qqqqqqqq"; "sallyport config init" writes down all there are',
    ]);
    assert.deepEqual(faultsOf("standard-ports = true"), [
      "1:1: --standard-ports is for the command line alone; in a file it is explicit-port = 21 and implicit-port = 990",
    ]);
    assert.match(faultsOf("masquerade = 7").join(), /^1:1: masquerade takes an IPv4 address.*, not 7$/);
    assert.match(faultsOf("explicit-port = 70000").join(), /^1:1: explicit-port takes a port from 1 to 65535/);
    assert.match(
      faultsOf("listen = [", '  "::1",', '  "nowhere",', "]").join(),
      /^1:1: listen takes a list, each an IPv4/,
    );
    assert.match(faultsOf("durable = 1").join(), /durable takes true or false, not 1$/);
    assert.match(faultsOf('greeting = "two\\r\\nlines"').join(), /greeting takes one line of printable ASCII/);
  });

  test("names of other servers are answered with ours", () => {
    assert.deepEqual(faultsOf("pasv_min_port = 50000"), [
      '1:1: "pasv_min_port" is vsftpd\'s name: here it is passive-ports, as in passive-ports = "50000-50999"',
    ]);
    assert.match(
      faultsOf("PassivePorts = 1").join(),
      /^1:1: there is no setting|ProFTPD's name: here it is passive-ports/,
    );
    assert.match(faultsOf("MaxClientsNumber = 50").join(), /Pure-FTPd's name: here it is max-connections/);
  });

  test("every fault is told at once, in the order of the file, and so is what does not go together", () => {
    const faults = faultsOf("cert = 'a.pem'", "fxp-ca = 'x'", "xferlgo = 'x'", "[limits]", "idleMs = '1 week'");
    assert.deepEqual(
      faults.map((fault) => fault.split(":")[0]),
      ["3", "5", "1", "2"],
    );
    assert.match(faults[2] ?? "", /cert is given once and key 0 times: give key once for each cert/);
  });

  test("Kerberos: what goes with it, and that it lets nobody in where TLS alone will do", () => {
    assert.deepEqual(faultsOf("keytab = 'x'"), ["1:1: keytab is for Kerberos: give gssapi as well"]);
    assert.deepEqual(faultsOf("gssapi = true"), [
      "1:1: gssapi needs gssapi-suffices where require-tls demands TLS for the login, or nobody gets in by it",
    ]);
    assert.deepEqual(faultsOf("gssapi = true", "gssapi-suffices = true", "gssapi-login = 'require'"), []);
    const listener = (demand: string) => [
      "gssapi = true",
      "[[listener]]",
      "mode = 'explicit'",
      `require-tls = '${demand}'`,
    ];
    assert.equal(faultsOf(...listener("login")).length, 1);
    assert.deepEqual(faultsOf(...listener("data")), []);
  });

  test("what is not TOML is told where", () => {
    assert.match(faultsOf("durable = true", "listen = [").join(), /^\d:\d+: this is not TOML: /);
    assert.match(faultsOf("durable = true", "durable = true").join(), /^2:\d+: this is not TOML: /);
  });

  test("a limit can be any that a server asks, with its unit", () => {
    const { configuration, problems } = reading(["[limits]", 'idleMs = "2 min"', 'commandLineBytes = "64 KiB"']);
    assert.deepEqual(problems, []);
    assert.deepEqual(configuration.limits, { idleMs: 120_000, commandLineBytes: 65_536 });
    assert.match(faultsOf("[limits]", "replyBytes = 3").join(), /^2:1: the limit replyBytes is fixed/);
    assert.match(faultsOf("[limits]", "idleMs = 5").join(), /from 100 ms to 24 d, not 5$/);
    assert.match(faultsOf("idleMs = 5").join(), /^1:1: idleMs is a limit; write it below a line \[limits\]$/);
    assert.match(faultsOf("[limits]", "grace = 5").join(), /grace is no limit; write it above/);
    assert.match(faultsOf("max-connections = 5", "[limits]", "connectionsCount = 5").join(), /another name for/);
  });

  test("listeners are checked one by one, and say alone where to listen", () => {
    const one = ["[[listener]]", 'mode = "implicit"', "port = 990"];
    assert.deepEqual(faultsOf(...one), []);
    assert.match(faultsOf("[[listener]]", "port = 990").join(), /^1:1: this \[\[listener\]\] needs its mode/);
    assert.match(
      faultsOf(...one, "ports = 1").join(),
      /^4:1: there is no setting "ports" of a \[\[listener\]\]; the nearest is port$/,
    );
    assert.match(faultsOf("listen = '::1'", ...one).join(), /^1:1: listen and the \[\[listener\]\] tables say both/);
    assert.match(faultsOf(...one, ...one).join(), /^4:1: two listeners are on port 990 of all addresses/);
  });

  test("paths are meant from the file's directory", () => {
    const { layer } = readConfigText('root = "files"\ncert = ["a.pem", "/b.pem"]', file);
    assert.equal(layer.said.get("root")?.value, "/etc/sallyport/files");
    assert.deepEqual(layer.said.get("cert")?.value, ["/etc/sallyport/a.pem", "/b.pem"]);
  });

  test("a file without an end is no configuration", () => {
    assert.throws(() => readConfigFile("/dev/zero"), {
      code: "SALLYPORT_INPUT_UNREADABLE",
      message: /more than 1 MiB/,
    });
  });

  test("the sample says nothing, and with every comment taken away nothing that is wrong", () => {
    assert.deepEqual(readConfigText(sampleFile(), file), { layer: emptyLayer, problems: [] });
    const [general = ""] = sampleFile().split("#[[listener]]");
    const said = general.replaceAll(/^#(?=[\w-]+ = )/gm, "");
    const { layer, problems } = readConfigText(said, file);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      settingNames.filter((name) => !layer.said.has(name)),
      [],
    );
  });
});

describe("sources", () => {
  test("a flag wins over the environment, the environment over the file, the file over the default", () => {
    const environment = {
      [environmentName("greeting")]: "From the environment.",
      SALLYPORT_SERVE_LIMITS_IDLE_MS: "3 s",
    };
    const { configuration } = reading(
      ['greeting = "From the file."', 'unclean-data-close = "accept"', "grace = 7"],
      environment,
      flagLayer("grace", 9),
    );
    const { values, limits, origins } = configuration;
    assert.equal(values.greeting, "From the environment.");
    assert.equal(values["unclean-data-close"], "accept");
    assert.equal(values.grace, 9);
    assert.equal(values.durable, false);
    assert.equal(limits.idleMs, 3000);
    assert.deepEqual(origins.get("grace"), { from: "flag", flag: "--grace" });
    const shown = shownSettings(configuration).filter(({ name }) => ["greeting", "grace", "durable"].includes(name));
    assert.deepEqual(
      shown.map(({ name, origin }) => [name, origin]),
      [
        ["durable", "default"],
        ["greeting", "SALLYPORT_SERVE_GREETING"],
        ["grace", "--grace"],
      ],
    );
  });

  test("lists have commas in the environment; what is empty says nothing; what is unknown is a fault", () => {
    const { configuration, problems } = reading([], {
      SALLYPORT_SERVE_LISTEN: "127.0.0.1, [::1]",
      SALLYPORT_SERVE_MASQUERADE: "",
      SALLYPORT_SERVE_LISTEM: "x",
      SALLYPORT_SERVE_DURABLE: "maybe",
    });
    assert.deepEqual(configuration.values.listen, ["127.0.0.1", "::1"]);
    assert.deepEqual(problems.map(problemLine), [
      "there is no setting for the variable SALLYPORT_SERVE_LISTEM: the nearest is SALLYPORT_SERVE_LISTEN",
      'SALLYPORT_SERVE_DURABLE takes true or false, not "maybe"',
    ]);
  });

  test("an error is one sentence with the first fault and how many there are", () => {
    const { problems } = reading(["a-b-c = 1", "durable = 3"]);
    const [first, ...more] = problems;
    assert.ok(first);
    const error = problemError([first, ...more]);
    assert.equal(error.code, "SALLYPORT_CONFIG_SETTING");
    assert.match(
      error.message,
      /^In .*:1:1: there is no setting "a-b-c"; .* \(and 1 more: "sallyport config check" lists them\)\.$/,
    );
  });

  test("a secret is never shown", () => {
    const { configuration } = reading(["notify = 'https://user:hunter2@example.org/'"]);
    assert.equal(JSON.stringify(shownSettings(configuration)).includes("hunter2"), false);
  });

  test("a secret that nobody has said is not masked", () => {
    const shown = shownSettings(reading([]).configuration).find(({ name }) => name === "notify");
    assert.deepEqual(shown?.value, []);
  });
});

describe("reading again", () => {
  const configurationOf = (...lines: string[]): Configuration => reading(lines).configuration;

  test("what may change changes, what may not stays as it was and is told again each time", () => {
    const running = configurationOf('root = "/a"', "explicit-port = 2121");
    const fresh = configurationOf(
      'root = "/b"',
      "explicit-port = 2121",
      "read-only = true",
      "[limits]",
      "idleMs = 5000",
    );
    const { next, changed, needRestart } = compareConfigurations(running, fresh);
    assert.deepEqual([changed, needRestart], [["read-only", "limits.idleMs"], ["root"]]);
    assert.equal(next.values.root, "/a");
    assert.equal(next.values["read-only"], true);
    assert.equal(next.limits.idleMs, 5000);
    assert.deepEqual(compareConfigurations(next, fresh).needRestart, ["root"]);
    assert.deepEqual(compareConfigurations(next, fresh).changed, []);
  });

  test("a default that is said is no change; one that is taken away goes back", () => {
    const said = configurationOf("[limits]", 'idleMs = "5 min"', 'lingerMs = "9 s"');
    const { changed, next } = compareConfigurations(said, configurationOf());
    assert.deepEqual(changed, ["limits.lingerMs"]);
    assert.deepEqual(next.limits, {});
  });

  test("listeners take other policies, and wait for a restart with other endpoints", () => {
    const listener = (port: number, tls: string) =>
      configurationOf("[[listener]]", 'mode = "explicit"', `port = ${port}`, `require-tls = "${tls}"`);
    const running = listener(2121, "none");
    const policies = compareConfigurations(running, listener(2121, "login"));
    assert.deepEqual([policies.changed, policies.needRestart], [["listener"], []]);
    assert.equal(policies.next.listeners[0]?.values["require-tls"], "login");
    const endpoints = compareConfigurations(running, listener(2122, "login"));
    assert.deepEqual([endpoints.changed, endpoints.needRestart], [[], ["listener"]]);
    assert.equal(endpoints.next.listeners, running.listeners);
  });
});

describe("properties", () => {
  test("any subset of settings comes back from a file as it was", () => {
    const keys = [...everySetting.keys()].filter((key) => everySetting.get(key)?.limit === undefined);
    fc.assert(
      fc.property(
        fc.subarray(keys).chain((chosen) => fc.tuple(fc.constant(chosen), valuesOf(chosen))),
        ([chosen, values]) => {
          const forms = chosen.map((key, at) => [key, inFile(key, values[at] ?? "")] as const);
          const general = forms.filter(([key]) => !key.startsWith("limits."));
          const limits = forms.flatMap(([key, form]) => (key.startsWith("limits.") ? [[key.slice(7), form]] : []));
          const { layer, problems } = readConfigText(
            stringify({ ...Object.fromEntries(general), limits: Object.fromEntries(limits) }),
            file,
          );
          assert.deepEqual(problems, []);
          assert.deepEqual(
            chosen.map((key) => layer.said.get(key)?.value),
            values,
          );
          assert.equal(layer.said.size, chosen.length);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("every value of every setting comes back from the environment", () => {
    for (const [key, row] of everySetting) {
      fc.assert(
        fc.property(valueOf(row), (value) => {
          const text = Array.isArray(value) ? value.join(",") : String(value);
          const { configuration, problems } = readConfiguration({
            environment: { [environmentName(key.replace(".", "-"))]: text },
            flags: emptyLayer,
          });
          assert.deepEqual(
            problems.filter((problem) => problem.key === key && !/needs|is for|given|both/i.test(problem.text)),
            [],
          );
          assert.deepEqual(effectiveValue(configuration, key), value);
        }),
        { numRuns: 20 },
      );
    }
  });

  test("amounts are written so that they are read as they were", () => {
    for (const unit of ["bytes", "ms", "s", "count", "ratio"] as const) {
      fc.assert(
        fc.property(fc.maxSafeNat(), (amount) => {
          assert.equal(parseQuantity(quantityText(amount, unit), unit), amount);
        }),
      );
    }
    assert.equal(parseQuantity("1.5 h", "s"), 5400);
    assert.equal(parseQuantity("2 kB", "bytes"), 2000);
    assert.equal(parseQuantity("2K", "bytes"), 2048);
    for (const wrong of ["", "-1", "1 fortnight", "1e3", "0x10", "9".repeat(20)]) {
      assert.equal(parseQuantity(wrong, "ms"), undefined, wrong);
    }
  });

  test("no document makes the reader fail, and every fault has a place in it", () => {
    const value = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.array(fc.string()),
      fc.dictionary(fc.string(), fc.string()),
    );
    const name = fc.oneof(
      fc.constantFrom(...settingNames, "limits", "listener", "__proto__", "constructor"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.dictionary(name, value), (document) => {
        const text = stringify(document);
        const { problems } = readConfigText(text, file);
        for (const { origin } of problems) {
          assert.ok(origin.from === "file" && origin.line <= text.split("\n").length && origin.column >= 1);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("the place of a key is where it is written", () => {
    const text = [
      'a = "x # no comment"',
      "[b.c]",
      "  d = '''",
      "]",
      "e = 1'''",
      "[[f]]",
      "g.h = { i = [1, 2] }",
      "[[f]]",
    ];
    const { problems } = readConfigText([...text, "j = 1 # end"].join("\n"), file);
    assert.ok(parse(text.join("\n")));
    const places = problems.map(({ key, origin }) => [
      key,
      origin.from === "file" && `${origin.line}:${origin.column}`,
    ]);
    assert.deepEqual(places, [
      ["a", "1:1"],
      ["b", "2:1"],
      ["f", "6:1"],
    ]);
  });
});

function inFile(key: SettingKey, value: SettingValue): SettingValue {
  const row = everySetting.get(key);
  assert.ok(row);
  return fileForm(row.kind, value);
}

function valuesOf(keys: readonly SettingKey[]): fc.Arbitrary<readonly SettingValue[]> {
  return fc.tuple(...keys.map((key) => valueOf(everySetting.get(key) ?? settingRows.root)));
}

function valueOf(row: Setting): fc.Arbitrary<SettingValue> {
  const one = valueOfKind(row.kind);
  return row.many === true ? fc.array(one.map(String), { minLength: 1, maxLength: 4 }) : one;
}

function valueOfKind(kind: Setting["kind"]): fc.Arbitrary<string | number | boolean> {
  const port = fc.integer({ min: 0, max: 65_535 });
  const ipv4 = fc.ipV4();
  switch (kind.is) {
    case "switch":
      return fc.boolean();
    case "choice":
      return fc.constantFrom(...kind.values);
    case "quantity":
      return fc.integer({ min: kind.min, max: Math.min(kind.max, 2 ** 31 - 1) });
    case "port":
      return fc.oneof(port, fc.constant("off"));
    case "bound-port":
      return port;
    case "port-range":
      return fc
        .tuple(fc.integer({ min: 1024, max: 40_000 }), fc.nat(25_000))
        .map(([first, more]) => `${first}-${first + more}`);
    case "address":
      return fc.oneof(ipv4, fc.constant("::1"), fc.constant("2001:db8::7"));
    case "ipv4-address":
      return ipv4;
    case "host-name":
      return fc.constantFrom("ftp.example.org", "a", "x-1.example");
    case "path":
      return fc.stringMatching(/^\/[!-+\--~]{1,40}$/);
    case "line":
      return fc.stringMatching(/^[!-~][ -~]{0,60}$/).map((text) => text.trim() || "x");
    case "text":
      return fc.stringMatching(/^[a-z][a-z0-9:/.]{0,30}$/);
  }
}
