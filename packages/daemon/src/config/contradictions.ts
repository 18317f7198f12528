import type { Configuration } from "./configuration.ts";
import { everySetting, type Layer, type SettingKey } from "./layers.ts";
import type { Origin, Problem } from "./problem.ts";
import { environmentName } from "./setting-table.ts";

/** A problem between settings that are each in order. */
export interface Contradiction extends Problem {
  /** The settings it is about. */
  readonly about: readonly SettingKey[];
}

/** Everything in a configuration that does not go together. */
export function contradictions(configuration: Configuration, layers: readonly Layer[]): Contradiction[] {
  return [
    ...rules.flatMap((rule) => rule(configuration, wordsFor(configuration))),
    ...layers.flatMap((layer) => twiceSaid(layer)),
  ];
}

type Rule = (configuration: Configuration, words: Words) => Contradiction[];

/** How to speak of settings: as flags, variables or keys, by where they were said. */
interface Words {
  name(key: SettingKey): string;
  problem(about: readonly SettingKey[], text: string): Contradiction;
}

const rules: readonly Rule[] = [
  ({ values, listeners }, { name, problem }) => {
    const ports = ["explicit-port", "implicit-port"] as const;
    if (listeners.length > 0 || ports.some((key) => values[key] !== "off")) return [];
    return [
      problem(ports, `Both ports are off: leave one of ${name("explicit-port")} and ${name("implicit-port")} on`),
    ];
  },

  ({ values, listeners }, { name, problem }) => {
    const ports = ["explicit-port", "implicit-port"] as const;
    const { "explicit-port": port } = values;
    if (listeners.length > 0 || port !== values["implicit-port"] || port === 0 || port === "off") return [];
    const both = `${name("explicit-port")} and ${name("implicit-port")}`;
    return [problem(ports, `${both} are both ${port}: give each a port of its own`)];
  },

  ({ values: { cert, key } }, { name, problem }) => {
    if (cert.length === key.length) return [];
    const counts = `${name("cert")} is given ${times(cert.length)} and ${name("key")} ${times(key.length)}`;
    return [problem(["cert", "key"], `${counts}: give ${name("key")} once for each ${name("cert")}`)];
  },

  ({ values }, { name, problem }) => {
    const demand = values["client-certificates"];
    if (demand === undefined || values["client-ca"] !== undefined) return [];
    const text = `${name("client-certificates")} ${demand} needs the authorities of the certificates: give ${name("client-ca")}`;
    return [problem(["client-certificates", "client-ca"], text)];
  },

  ({ values }, { name, problem }) => {
    if (values["fxp-ca"] === undefined || values.fxp.length > 0) return [];
    const text = `${name("fxp-ca")} is for transfers between servers: give ${name("fxp")} ADDRESS as well`;
    return [problem(["fxp-ca", "fxp"], text)];
  },

  ({ values, origins }, { name, problem }) => {
    if (values.gssapi) return [];
    const others = (["keytab", ...gssapiKeys] as const).filter((key) => origins.has(key));
    return others.map((key) =>
      problem([key, "gssapi"], `${name(key)} is for Kerberos: give ${name("gssapi")} as well`),
    );
  },

  ({ values, listeners }, { name, problem }) => {
    if (!values.gssapi || values["gssapi-suffices"]) return [];
    const explicit = listeners.filter(({ values: { mode } }) => mode === "explicit");
    const demands = listeners.length === 0 ? [values] : explicit.map(({ values: said }) => ({ ...values, ...said }));
    if (demands.some((demand) => !demand["require-tls"].includes("login"))) return [];
    const text = `${name("gssapi")} needs ${name("gssapi-suffices")} where ${name("require-tls")} demands TLS for the login, or nobody gets in by it`;
    return [problem(["gssapi", "require-tls", "gssapi-suffices"], text)];
  },

  ({ listeners, origins }, { name, problem }) => {
    if (listeners.length === 0) return [];
    const others = (["listen", "explicit-port", "implicit-port"] as const).filter((key) => origins.has(key));
    return others.map((key) =>
      problem([key], `${name(key)} and the [[listener]] tables say both where to listen: leave one out`),
    );
  },

  ({ listeners }) => {
    const seen = new Set<string>();
    return listeners.flatMap(({ values: { mode, address = "all addresses", port }, origin }) => {
      const endpoint = `port ${port ?? (mode === "implicit" ? 2990 : 2121)} of ${address}`;
      const twice = seen.has(endpoint) && port !== 0;
      seen.add(endpoint);
      const text = `two listeners are on ${endpoint}: give each a port of its own`;
      return twice ? [{ about: [], key: "listener", origin, text }] : [];
    });
  },
];

const gssapiKeys = ["gssapi-service", "gssapi-principals", "gssapi-login", "gssapi-suffices"] as const;

/** One source that says a limit by both of its names. */
function twiceSaid({ said }: Layer): Contradiction[] {
  return [...said].flatMap(([key, { origin }]) => {
    const limit = everySetting.get(key)?.limit;
    if (limit === undefined || !said.has(`limits.${limit}`)) return [];
    const text = `${key} is another name for ${limit} in [limits]: leave one out`;
    return [{ about: [key], key, origin, text }];
  });
}

function wordsFor({ origins }: Configuration): Words {
  const name = (key: SettingKey, style = origins.get(key) ?? { from: "flag" }) => styles[style.from](key);
  return {
    name: (key) => name(key),
    problem(about, text) {
      const [origin = { from: "flag", flag: `--${about[0]}` } as const] = about.flatMap(
        (key) => origins.get(key) ?? [],
      );
      // What nobody said is named as what it contradicts is.
      const worded = about.reduce(
        (words, key) => (origins.has(key) ? words : words.replaceAll(`--${key}`, styles[origin.from](key))),
        text,
      );
      return { about, key: about[0] ?? "", origin, text: worded };
    },
  };
}

const styles: Readonly<Record<Origin["from"], (key: SettingKey) => string>> = {
  default: (key) => `--${key}`,
  flag: (key) => `--${key}`,
  environment: (key) => environmentName(key),
  file: (key) => key,
};

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
