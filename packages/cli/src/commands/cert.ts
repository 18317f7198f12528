import { existsSync } from "node:fs";
import { ConfigError } from "@sallyport/protocol";
import { buildCommand, buildRouteMap, type CommandContext } from "@stricli/core";
import {
  type CertificateDescription,
  type CertificateName,
  certificatePaths,
  describeCertificate,
  LocalCertificates,
  parseCertificateName,
  readCertificate,
} from "@sallyport/daemon/certificates";
import { runningServer } from "@sallyport/daemon/state";
import { commonFlags, parseText, switchFlag, type CommonFlags } from "../flags.ts";
import { openState } from "../state.ts";

const show = buildCommand({
  docs: {
    brief: "Show the server's certificate, or the one in a file",
    fullDescription:
      "Shows the first certificate of FILE, or that of the state directory, with the fingerprint to compare on the other end.",
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{ brief: "A certificate in PEM form", placeholder: "FILE", parse: parseText, optional: true }],
    },
    flags: commonFlags,
  },
  func(this: CommandContext, flags: CommonFlags, file?: string) {
    const path = file ?? stateCertificate(flags.state);
    const description = describeCertificate(readCertificate(path));
    const text = flags.json
      ? `${JSON.stringify({ file: path, ...description })}\n`
      : descriptionText(path, description);
    this.process.stdout.write(text);
  },
});

const create = buildCommand({
  docs: {
    brief: "Make a new certificate from the local authority",
    fullDescription:
      "Makes a certificate for this machine's names and those given, signed by the authority of the state directory. The authority may sign for the names alone that it was made for: with another name a new authority is made, which clients have to be given.",
  },
  parameters: {
    flags: {
      name: {
        kind: "parsed",
        parse: parseName,
        brief: "Host name or address that clients will connect to",
        placeholder: "NAME",
        variadic: true,
        default: [],
      },
      newKey: switchFlag("Make a new key too"),
      ...commonFlags,
    },
  },
  async func(
    this: CommandContext,
    flags: CommonFlags & { readonly name: readonly CertificateName[]; readonly newKey?: boolean },
  ) {
    const state = openState(flags.state, { create: true, loads: true });
    const certificates = LocalCertificates.at(state.tls);
    const { authority } = await certificates.create({
      names: flags.name,
      nowMs: Date.now(),
      newKey: flags.newKey === true,
    });
    const { paths } = certificates;
    const description = describeCertificate(readCertificate(paths.certificate));
    if (flags.json === true) {
      this.process.stdout.write(
        `${JSON.stringify({ file: paths.certificate, authorityFile: paths.authority, newAuthority: authority === "new", ...description })}\n`,
      );
      return;
    }
    const pid = runningServer(state);
    const notes = [
      ...(authority === "new" ? [`New authority: give clients ${paths.authority}.`] : []),
      ...(pid === undefined ? [] : [`The running server takes it up with: kill -HUP ${pid}`]),
    ];
    this.process.stdout.write(
      descriptionText(paths.certificate, description) + notes.map((note) => `${note}\n`).join(""),
    );
  },
});

export const certCommands = buildRouteMap({
  routes: { show, create },
  docs: { brief: "Show and create the server's certificate" },
});

function stateCertificate(path: string | undefined): string {
  const state = openState(path, { create: false });
  const { certificate } = certificatePaths(state.tls);
  if (existsSync(certificate)) return certificate;
  const message = `There is no certificate in ${state.tls} yet: "sallyport cert create" makes one, and so does a server's first start.`;
  throw new ConfigError("SALLYPORT_INPUT_UNREADABLE", message);
}

function parseName(text: string): CertificateName {
  const name = parseCertificateName(text);
  if (name === undefined) throw new Error("a host name or an address, as in ftp.example.org or 192.0.2.1");
  return name;
}

function descriptionText(file: string, certificate: CertificateDescription): string {
  const rows = [
    ["file", file],
    ["subject", certificate.subject],
    ["issuer", certificate.selfSigned ? "itself" : certificate.issuer],
    ["names", certificate.names.join(", ") || "none"],
    ["valid from", certificate.notBefore.toISOString()],
    ["valid to", certificate.notAfter.toISOString()],
    ["key", certificate.key],
    ["serial", certificate.serialNumber],
    ["pin", certificate.pin],
    ["SHA-256", certificate.fingerprint],
  ] as const;
  return rows.map(([label, value]) => `${label.padEnd(10)} ${value}\n`).join("");
}
