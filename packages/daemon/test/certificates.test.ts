import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { X509Certificate, createPrivateKey } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import tls from "node:tls";
import * as fc from "fast-check";
import { ConfigError } from "@sallyport/protocol";
import {
  type CertificateName,
  LocalCertificates,
  certificateCovers,
  describeCertificate,
  parseCertificateName,
  readCertificate,
  readIdentity,
  readPemFile,
  readPrivateKey,
} from "../src/certificates/index.ts";

const scratch = mkdtempSync(join(tmpdir(), "sallyport-certificates-"));
after(() => rmSync(scratch, { recursive: true }));

let directories = 0;
function freshDirectory(): string {
  return join(scratch, `tls-${directories++}`);
}

const now = Date.now();
const day = 86_400_000;

function name(text: string): CertificateName {
  const parsed = parseCertificateName(text);
  assert.ok(parsed, text);
  return parsed;
}

function open(directory: string, nowMs = now, names: readonly CertificateName[] = []): Promise<LocalCertificates> {
  return LocalCertificates.open(directory, { names, nowMs });
}

function openssl(...args: string[]): string {
  return execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function hasOpenssl(): boolean {
  return spawnSync("openssl", ["version"]).status === 0;
}

const needsOpenssl = hasOpenssl() ? {} : { skip: "openssl is not installed" };

describe("the certificates of a first run", () => {
  test("R-TLS-05 R-4217-44 openssl verifies the chain for every name and address, strictly", needsOpenssl, async () => {
    const { paths } = await open(freshDirectory(), now, [
      name("ftp.example.org"),
      name("192.0.2.7"),
      name("2001:db8::7"),
    ]);
    const verify = (...args: string[]) =>
      openssl(
        "verify",
        "-x509_strict",
        "-purpose",
        "sslserver",
        "-CAfile",
        paths.authority,
        ...args,
        paths.certificate,
      );
    for (const host of ["localhost", "ftp.example.org"]) assert.match(verify("-verify_hostname", host), /: OK/);
    for (const ip of ["127.0.0.1", "::1", "192.0.2.7", "2001:db8::7"]) assert.match(verify("-verify_ip", ip), /: OK/);
    assert.throws(() => verify("-verify_hostname", "www.example.org"));
  });

  test("R-TLS-05 the extensions are those of a server and of an authority for it alone", needsOpenssl, async () => {
    const { paths } = await open(freshDirectory(), now, [name("ftp.example.org")]);
    const leaf = openssl("x509", "-in", paths.certificate, "-noout", "-text");
    assert.match(leaf, /Basic Constraints: critical\n\s+CA:FALSE\n/);
    assert.match(leaf, /Key Usage: critical\n\s+Digital Signature\n/);
    assert.match(leaf, /Extended Key Usage:\s*\n\s+TLS Web Server Authentication\n/);
    assert.match(leaf, /Alternative Name:\s*\n.*DNS:localhost, IP Address:127\.0\.0\.1, IP Address:0:0:0:0:0:0:0:1/);
    assert.match(leaf, /NIST CURVE: P-256/);
    const authority = openssl("x509", "-in", paths.authority, "-noout", "-text");
    assert.match(authority, /Basic Constraints: critical\n\s+CA:TRUE, pathlen:0\n/);
    assert.match(authority, /Key Usage: critical\n\s+Certificate Sign, CRL Sign\n/);
    assert.match(authority, /Name Constraints: critical\n\s+Permitted:\n\s+DNS:localhost\n/);
    const identifier = /Subject Key Identifier:\s*\n\s+([0-9A-F:]+)/.exec(authority)?.[1];
    assert.ok(identifier !== undefined && leaf.includes(`Authority Key Identifier: \n                ${identifier}`));
  });

  test("an authority's key cannot sign for names that it was not made for", needsOpenssl, async () => {
    const { paths } = await open(freshDirectory());
    const [foreignKey, foreignRequest, foreign] = ["key", "csr", "pem"].map((end) => join(scratch, `foreign.${end}`));
    assert.ok(foreignKey !== undefined && foreignRequest !== undefined && foreign !== undefined);
    openssl(
      "req",
      "-new",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      foreignKey,
      "-out",
      foreignRequest,
      "-subj",
      "/CN=bank.example",
      "-addext",
      "subjectAltName=DNS:bank.example",
    );
    openssl(
      "x509",
      "-req",
      "-in",
      foreignRequest,
      "-CA",
      paths.authority,
      "-CAkey",
      paths.authorityKey,
      "-copy_extensions",
      "copy",
      "-out",
      foreign,
    );
    const verdict = spawnSync("openssl", ["verify", "-CAfile", paths.authority, foreign], { encoding: "utf8" });
    assert.notEqual(verdict.status, 0);
    assert.match(verdict.stdout + verdict.stderr, /permitted subtree violation/);
  });

  test("keys are 0600, nothing is left over, and a second opening changes nothing", async () => {
    const directory = freshDirectory();
    const { paths } = await open(directory);
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(directory).toSorted(), ["ca.key", "ca.pem", "cert.pem", "key.pem"]);
    for (const key of [paths.key, paths.authorityKey]) assert.equal(statSync(key).mode & 0o777, 0o600);
    const before = readdirSync(directory).map((file) => readFileSync(join(directory, file), "utf8"));
    await open(directory, now + day);
    assert.deepEqual(
      readdirSync(directory).map((file) => readFileSync(join(directory, file), "utf8")),
      before,
    );
  });

  test("Node shakes hands in TLS 1.2 and 1.3 and verifies the chain", async () => {
    const certificates = await open(freshDirectory());
    const { certificate: cert, key } = readIdentity(certificates.identityFiles);
    await using server = tls.createServer({ cert: String(cert), key: String(key) }, (socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const bound = server.address();
    const port = typeof bound === "object" && bound !== null ? bound.port : 0;
    const ca = readFileSync(certificates.paths.authority);
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      for (const servername of ["localhost", hostname()]) {
        const options = { port, host: "127.0.0.1", servername, ca, minVersion: version, maxVersion: version };
        const authorized = await new Promise((resolve, reject) => {
          const socket = tls.connect(options, () => {
            resolve(socket.authorized);
            socket.destroy();
          });
          socket.on("error", reject);
        });
        assert.equal(authorized, true);
      }
    }
  });

  test("the server's certificate lasts at most 397 days, the authority ten years", async () => {
    const { paths } = await open(freshDirectory());
    const leaf = describeCertificate(readCertificate(paths.certificate));
    const authority = describeCertificate(readCertificate(paths.authority));
    assert.ok(leaf.notAfter.getTime() - leaf.notBefore.getTime() <= 397 * day);
    assert.ok(leaf.notBefore.getTime() < now && leaf.notAfter.getTime() > now + 390 * day);
    assert.ok(Math.abs(authority.notAfter.getTime() - (now + 3650 * day)) < day);
    assert.equal(authority.authority, true);
  });
});

describe("renewal", () => {
  test("comes 30 days before the end, keeps key, names and authority, and verifies", needsOpenssl, async () => {
    const certificates = await open(freshDirectory(), now, [name("ftp.example.org")]);
    const { paths } = certificates;
    const read = () => [paths.certificate, paths.key, paths.authority].map((path) => readFileSync(path, "latin1"));
    const [oldCertificate, oldKey, oldAuthority] = read();
    assert.deepEqual(await certificates.renewIfDue(now + 366 * day), { kind: "not-due" });
    assert.equal((await certificates.renewIfDue(now + 367 * day)).kind, "renewed");
    const [newCertificate, newKey, newAuthority] = read();
    assert.notEqual(newCertificate, oldCertificate);
    assert.deepEqual([newKey, newAuthority], [oldKey, oldAuthority]);
    const { names, notAfter } = describeCertificate(new X509Certificate(newCertificate ?? ""));
    assert.deepEqual(names, describeCertificate(new X509Certificate(oldCertificate ?? "")).names);
    assert.ok(notAfter.getTime() > now + 700 * day);
    const at = String(Math.floor((now + 700 * day) / 1000));
    assert.match(openssl("verify", "-attime", at, "-CAfile", paths.authority, paths.certificate), /: OK/);
  });

  test("never outlives the authority, and replaces an authority that is about to end", async () => {
    const directory = freshDirectory();
    const certificates = await open(directory);
    const late = now + 3650 * day - 60 * day;
    assert.equal((await certificates.renewIfDue(late)).kind, "renewed");
    const authority = new X509Certificate(readFileSync(certificates.paths.authority));
    const leaf = new X509Certificate(readFileSync(certificates.paths.certificate));
    assert.equal(leaf.validTo, authority.validTo);
    assert.equal((await certificates.renewIfDue(late + 40 * day)).kind, "authority-replaced");
    assert.ok(new X509Certificate(readFileSync(certificates.paths.authority)).validToDate > authority.validToDate);
  });

  test("leaves a pair alone that came from elsewhere", async () => {
    const given = await open(freshDirectory());
    const directory = freshDirectory();
    const { paths } = await open(directory);
    for (const file of ["certificate", "key"] as const) writeFileSync(paths[file], readFileSync(given.paths[file]));
    const certificates = await open(directory, now + 380 * day);
    assert.deepEqual(await certificates.renewIfDue(now + 380 * day), { kind: "not-ours" });
    assert.equal(readFileSync(paths.certificate, "latin1"), readFileSync(given.paths.certificate, "latin1"));
  });

  test("a pair that a crash left half made is made whole", async () => {
    for (const lost of ["key", "certificate"] as const) {
      const { paths } = await open(freshDirectory());
      rmSync(paths[lost]);
      const repaired = await open(join(paths.key, ".."));
      const files = readIdentity(repaired.identityFiles);
      assert.ok(new X509Certificate(files.certificate).checkPrivateKey(createPrivateKey(String(files.key))), lost);
    }
  });

  test("a new name outside the constraints makes a new authority, one inside keeps it", async () => {
    const certificates = await open(freshDirectory());
    assert.deepEqual(await certificates.create({ names: [name("a.localhost")], nowMs: now }), { authority: "kept" });
    assert.deepEqual(await certificates.create({ names: [name("ftp.example.org")], nowMs: now }), { authority: "new" });
    const leaf = readCertificate(certificates.paths.certificate);
    assert.ok(
      certificateCovers(leaf, "ftp.example.org") &&
        certificateCovers(leaf, "::1") &&
        !certificateCovers(leaf, "192.0.2.1"),
    );
  });

  test("a damaged authority is named and nothing is written", async () => {
    const directory = freshDirectory();
    const { paths } = await open(directory);
    writeFileSync(paths.authorityKey, "garbage");
    const before = readdirSync(directory).map((file) => readFileSync(join(directory, file), "utf8"));
    await assert.rejects(
      open(directory, now + 390 * day),
      configError("SALLYPORT_AUTHORITY_INVALID", paths.authorityKey),
    );
    assert.deepEqual(
      readdirSync(directory).map((file) => readFileSync(join(directory, file), "utf8")),
      before,
    );
  });
});

describe("certificates given by file", () => {
  test("a file that cannot be read is named, with the way out", () => {
    const big = join(scratch, "big.pem");
    writeFileSync(big, "x".repeat(1_048_577));
    const cases = [
      [join(scratch, "missing.pem"), "no such file"],
      [join(big, "below.pem"), "no such file"],
      [scratch, "it is a directory"],
      [big, "1 MiB"],
    ] as const;
    for (const [file, named] of cases) {
      assert.throws(() => readPemFile(file, "certificate"), configError("SALLYPORT_INPUT_UNREADABLE", named));
      assert.throws(() => readPemFile(file, "key"), configError("SALLYPORT_INPUT_UNREADABLE", file));
    }
  });

  test("a file that holds something else is named", async () => {
    const { paths } = await open(freshDirectory());
    assert.throws(() => readCertificate(paths.key), configError("SALLYPORT_CERTIFICATE_INVALID", paths.key));
    assert.throws(() => readPrivateKey(paths.certificate), configError("SALLYPORT_KEY_INVALID", paths.certificate));
  });

  const asRoot = process.getuid?.() === 0;
  test("a key that this user may not read is named", { skip: asRoot && "root may read everything" }, async () => {
    const { paths } = await open(freshDirectory());
    chmodSync(paths.key, 0o000);
    assert.throws(() => readPemFile(paths.key, "key"), configError("SALLYPORT_INPUT_UNREADABLE", "may not read"));
  });
});

describe("names", () => {
  test("describeCertificate agrees with openssl", needsOpenssl, async () => {
    const { paths } = await open(freshDirectory());
    const { fingerprint, serialNumber, key, issuer } = describeCertificate(readCertificate(paths.certificate));
    assert.equal(
      openssl("x509", "-in", paths.certificate, "-noout", "-fingerprint", "-sha256").split("=")[1]?.trim(),
      fingerprint,
    );
    assert.equal(openssl("x509", "-in", paths.certificate, "-noout", "-serial").split("=")[1]?.trim(), serialNumber);
    assert.equal(key, "EC prime256v1");
    assert.match(issuer, /^CN=Sallyport authority [0-9a-f]{8} on /);
  });

  test("hosts and addresses are read in every spelling, anything else is refused", () => {
    const texts = [
      ["LocalHost.", "localhost"],
      ["*.example.org", "*.example.org"],
      ["0:0:0:0:0:0:0:1", "::1"],
      ["2001:DB8::192.0.2.1", "2001:db8::c000:201"],
      ["192.0.2.1", "192.0.2.1"],
    ] as const;
    for (const [text, shown] of texts) assert.equal(parseCertificateName(text)?.text, shown);
    for (const text of [
      "",
      "-a",
      "a..b",
      "a b",
      "1.2.3",
      "fe80::1%eth0",
      "a,DNS:b",
      `${"a".repeat(64)}.b`,
      "*.",
      "*",
    ]) {
      assert.equal(parseCertificateName(text), undefined, text);
    }
  });

  test("an IPv6 address survives its octets and its text", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const parsed = parseCertificateName(text);
        assert.ok(parsed?.kind === "address" && parsed.octets.length === 16);
        assert.deepEqual(parseCertificateName(parsed.text), parsed);
      }),
    );
  });
});

function configError(code: string, named: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.code, code);
    assert.ok(error.message.includes(named), error.message);
    assert.match(error.message, /^[^\n]+\.$/);
    return true;
  };
}
