import { readFileSync } from "node:fs";
import type { ApplicationContext, CommandContext, StricliIntegration } from "@stricli/core";

interface VersionFacts {
  readonly sallyport: string;
  readonly node: string;
  readonly openssl: string;
  readonly sqlite: string;
  readonly platform: string;
  readonly features: readonly string[];
}

/** `sallyport --version [--json]`: what runs here, for people and for bug reports. */
export const versionFlag: StricliIntegration<CommandContext> = {
  flag: {
    brief: "Print version, Node, OpenSSL and features, with --json as JSON",
    aliases: ["V"],
    run(this: ApplicationContext, _application, { result }) {
      const facts = versionFacts();
      const asJson = result.unprocessedInputs.includes("--json");
      this.process.stdout.write(asJson ? `${JSON.stringify(facts)}\n` : versionText(facts));
    },
  },
};

/** The version in this package's manifest. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const known = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return known ? String(manifest.version) : "unknown";
}

function versionFacts(): VersionFacts {
  const { node, openssl, sqlite = "none" } = process.versions;
  const platform = `${process.platform} ${process.arch}`;
  return { sallyport: packageVersion(), node, openssl, sqlite, platform, features: features(openssl) };
}

function features(openssl: string): string[] {
  const [major = 0, minor = 0] = openssl.split(".").map(Number);
  const hybridKeyExchange = major > 3 || (major === 3 && minor >= 5);
  return [
    "explicit TLS",
    "implicit TLS",
    "TLS 1.2",
    "TLS 1.3",
    ...(hybridKeyExchange ? ["X25519MLKEM768"] : []),
    "data connections bound by resumption",
    "IPv6",
    "MODE B",
    "MODE C",
    "MODE Z",
    "HASH",
    "argon2id",
    "local certificate authority",
  ];
}

function versionText(facts: VersionFacts): string {
  const rows = [
    ["sallyport", facts.sallyport],
    ["node", facts.node],
    ["openssl", facts.openssl],
    ["sqlite", facts.sqlite],
    ["platform", facts.platform],
    ["features", facts.features.join(", ")],
  ] as const;
  return rows.map(([label, value]) => `${label.padEnd(10)} ${value}\n`).join("");
}
