import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { buildCommand, type CommandContext } from "@stricli/core";
import { ConfigError, limitValues } from "@sallyport/protocol";
import {
  acceptedAccounts,
  type ImportComplaint,
  type ImportFormat,
  importParsers,
  type OnExisting,
} from "@sallyport/server/accounts";
import { openAccounts } from "../accounts.ts";
import { commonFlags, parseText, switchFlag, type CommonFlags } from "../flags.ts";

interface ImportFlags extends CommonFlags {
  readonly format: ImportFormat;
  readonly served?: string;
  readonly onExisting: OnExisting;
  readonly skipMalformed?: boolean;
}

export const importCommand = buildCommand({
  docs: {
    brief: "Take over the accounts of another server",
    fullDescription: [
      "Takes over the accounts in FILE, all or none. Hashes are kept and become argon2id at the next good login; a",
      "vsftpd list has plain passwords, which are hashed at once. Homes are paths as this server's accounts see them:",
      "with --served DIR, the directory that will be served, they are cut to what follows it.",
    ].join("\n"),
  },
  parameters: {
    positional: { kind: "tuple", parameters: [{ brief: "The file to read", placeholder: "FILE", parse: parseText }] },
    flags: {
      ...commonFlags,
      format: { kind: "enum", values: ["htpasswd", "proftpd", "pureftpd", "vsftpd"], brief: "What kind of file it is" },
      served: {
        kind: "parsed",
        parse: parseText,
        brief: "Directory that will be served, in which the homes lie",
        placeholder: "DIR",
        optional: true,
      },
      onExisting: {
        kind: "enum",
        values: ["refuse", "skip", "replace"],
        brief: "What becomes of accounts whose names are taken",
        default: "refuse",
      },
      skipMalformed: switchFlag("Import the rest where some lines are malformed"),
    },
  },
  async func(this: CommandContext, flags: ImportFlags, file: string) {
    const { format, served, onExisting, skipMalformed = false } = flags;
    const options = { limits: limitValues(), ...(served !== undefined && { servedDirectory: resolve(served) }) };
    const imported = importParsers[format](readAccountFile(file), options);
    const accepted = acceptedAccounts(imported, { skipMalformed });
    await using database = await openAccounts(flags.state, { create: true });
    const { importedCount, skipped } = await database.import(accepted, { onExisting });
    if (flags.json === true) {
      this.process.stdout.write(`${JSON.stringify({ importedCount, skipped, complaints: imported.complaints })}\n`);
      return;
    }
    for (const complaint of imported.complaints) this.process.stderr.write(complaintText(file, complaint));
    const left = skipped.length === 0 ? "" : `; left as they were: ${skipped.join(", ")}`;
    this.process.stdout.write(`Imported ${importedCount} ${importedCount === 1 ? "account" : "accounts"}${left}.\n`);
  },
});

function complaintText(file: string, { line, severity, reason }: ImportComplaint): string {
  return `${file}:${line}: ${severity === "error" ? "left out" : "note"}: ${reason}\n`;
}

/** Two million accounts; a larger file is of another kind. */
const fileBytesMax = 268_435_456;

function readAccountFile(file: string): string {
  try {
    if (statSync(file).size <= fileBytesMax) return readFileSync(file, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    throw new ConfigError(
      "SALLYPORT_INPUT_UNREADABLE",
      `The file ${file} cannot be read (${code}): check the path and its mode.`,
      { cause },
    );
  }
  throw new ConfigError("SALLYPORT_INPUT_UNREADABLE", `The file ${file} has more than 256 MiB: give an account file.`);
}
