import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a test certificate shall say; each distinct set of wishes is made once in a process. */
export interface TestIdentityWishes {
  /** DNS names and IP addresses of the leaf, the first also as its common name. */
  readonly names: readonly string[];
  /** Default `ec` (P-256); `rsa` has 2048 bits, `rsa1024` is too weak for any use. */
  readonly keyType?: "ec" | "rsa" | "rsa1024";
  /** Days from now, both default to a valid certificate: yesterday and in 30 days. */
  readonly validFromDays?: number;
  readonly validForDays?: number;
  /** Default `server`; decides the extended key usage. */
  readonly usage?: "server" | "client";
  /** Lines of OpenSSL's configuration for further extensions, such as `keyUsage=keyEncipherment`. */
  readonly extensions?: readonly string[];
  /** Tells authorities apart: identities of one authority share its CA. */
  readonly authority?: string;
}

/** A leaf and its authority, as PEM and as files in a directory that goes when the process ends. */
export interface TestIdentity {
  /** The chain as a server sends it: leaf, then authority. */
  readonly certificate: string;
  readonly leaf: string;
  readonly key: string;
  readonly ca: string;
  readonly caKey: string;
  readonly directory: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

/** Makes a certificate with the `openssl` program, signed by a test authority; the same wishes give the same one. */
export function makeTestIdentity(wishes: TestIdentityWishes): TestIdentity {
  const key = JSON.stringify(wishes);
  const made = identities.get(key) ?? issue(wishes);
  identities.set(key, made);
  return made;
}

const identities = new Map<string, TestIdentity>();
const authorities = new Map<string, { directory: string; ca: string; caKey: string }>();
let root: string | undefined;
let serial = 0;

const keyArguments = {
  ec: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
  rsa: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
  rsa1024: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
} as const;

function issue(wishes: TestIdentityWishes): TestIdentity {
  const authority = authorityOf(wishes.authority ?? "default");
  const directory = join(rootDirectory(), `leaf-${++serial}`);
  mkdirSync(directory);
  const file = (name: string) => join(directory, name);
  const alternatives = wishes.names.map((name) => (/^[\d.]+$|:/.test(name) ? `IP:${name}` : `DNS:${name}`));
  writeFileSync(
    file("leaf.cnf"),
    [
      ...authorityConfig(authority.directory),
      "[leaf]",
      `subjectAltName=${alternatives.join(",")}`,
      `extendedKeyUsage=${wishes.usage === "client" ? "clientAuth" : "serverAuth"}`,
      "basicConstraints=CA:FALSE",
      ...(wishes.extensions ?? []),
    ].join("\n"),
  );
  openssl("genpkey", ...keyArguments[wishes.keyType ?? "ec"], "-out", file("key.pem"));
  openssl("req", "-new", "-key", file("key.pem"), "-subj", `/CN=${wishes.names[0]}`, "-out", file("leaf.csr"));
  openssl(
    ...["ca", "-batch", "-notext", "-config", file("leaf.cnf"), "-extensions", "leaf", "-md", "sha256"],
    ...[
      "-startdate",
      generalizedTime(wishes.validFromDays ?? -1),
      "-enddate",
      generalizedTime(wishes.validForDays ?? 30),
    ],
    ...["-in", file("leaf.csr"), "-out", file("leaf.pem")],
  );
  const leaf = readFileSync(file("leaf.pem"), "latin1");
  writeFileSync(file("cert.pem"), leaf + authority.ca);
  return {
    certificate: leaf + authority.ca,
    leaf,
    key: readFileSync(file("key.pem"), "latin1"),
    ca: authority.ca,
    caKey: authority.caKey,
    directory,
    certificateFile: file("cert.pem"),
    keyFile: file("key.pem"),
    caFile: join(authority.directory, "ca.pem"),
  };
}

function authorityOf(name: string): { directory: string; ca: string; caKey: string } {
  const known = authorities.get(name);
  if (known) return known;
  const directory = join(rootDirectory(), `authority-${authorities.size}`);
  mkdirSync(directory);
  const keyFile = join(directory, "ca.key");
  openssl("genpkey", ...keyArguments.ec, "-out", keyFile);
  openssl(
    ...["req", "-x509", "-new", "-key", keyFile, "-subj", `/CN=Test authority ${name}`, "-days", "60"],
    ...["-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", join(directory, "ca.pem")],
  );
  writeFileSync(join(directory, "index.txt"), "");
  const made = {
    directory,
    ca: readFileSync(join(directory, "ca.pem"), "latin1"),
    caKey: readFileSync(keyFile, "latin1"),
  };
  authorities.set(name, made);
  return made;
}

function authorityConfig(directory: string): string[] {
  return [
    "[ca]",
    "default_ca=authority",
    "[authority]",
    `database=${join(directory, "index.txt")}`,
    `new_certs_dir=${directory}`,
    `certificate=${join(directory, "ca.pem")}`,
    `private_key=${join(directory, "ca.key")}`,
    "rand_serial=yes",
    "unique_subject=no",
    "policy=any",
    "[any]",
    "commonName=supplied",
  ];
}

function rootDirectory(): string {
  if (root === undefined) {
    const made = mkdtempSync(join(tmpdir(), "sallyport-certificates-"));
    process.once("exit", () => rmSync(made, { recursive: true, force: true }));
    root = made;
  }
  return root;
}

function generalizedTime(daysFromNow: number): string {
  const time = new Date(Date.now() + daysFromNow * 86_400_000);
  return `${time.toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`;
}

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
}
