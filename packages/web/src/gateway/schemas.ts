import { z } from "@hono/zod-openapi";
import { standardPorts, strippedClients } from "@sallyport/inspector";
import type {
  ArchiveRequest,
  CopyRequest,
  ExplanationRequest,
  LoginRequest,
  OnConflict,
  SearchRequest,
  UploadRequest,
} from "../api/api.ts";
import { bounds } from "./bounds.ts";
import { connectionWishes } from "./logins/wishes.ts";
import { line } from "./text-line.ts";

/* What a browser may send, checked before anything is done with it. */

const path = line(4096).openapi({
  description: "A path on the server; octets that are no characters are lone surrogates",
});

export const loginRequest = z
  .object({
    address: line(1024).trim().min(1).openapi({ example: "ftpes://ftp.example.test" }),
    security: z.enum(["auto", "explicit", "implicit", "plain"]).default("auto"),
    user: line(256).default(""),
    password: line(1024).default(""),
    pin: z
      .string()
      .regex(/^sha256\/[\w+/]{43}=$/)
      .optional(),
    wishes: connectionWishes.optional(),
  })
  .openapi("LoginRequest") satisfies z.ZodType<LoginRequest>;

const port = z.number().int().min(1).max(65_535);

export const explanationRequest = z
  .object({
    host: line(253).min(1),
    explicitPort: port.default(standardPorts.explicit),
    implicitPort: port.default(standardPorts.implicit),
    between: z.enum(["none", ...strippedClients]).default("none"),
    user: line(256).default(""),
    password: line(1024).default(""),
  })
  .openapi("ExplanationRequest") satisfies z.ZodType<ExplanationRequest>;

export const pathRequest = z.object({ path }).openapi("PathRequest");

export const renameRequest = z.object({ from: path, to: path }).openapi("RenameRequest");

export const removeRequest = z.object({ path, recursive: z.boolean().default(false) }).openapi("RemoveRequest");

const names = z.array(line(1024).min(1)).min(1).max(bounds.namesPerRequest).readonly();

export const archiveRequest = z
  .object({ directory: path, names })
  .openapi("ArchiveRequest") satisfies z.ZodType<ArchiveRequest>;

export const searchRequest = z
  .object({ path, text: line(200).min(1) })
  .openapi("SearchRequest") satisfies z.ZodType<SearchRequest>;

export const copyRequest = z
  .object({
    directory: path,
    names,
    toLogin: z.string().max(64),
    toDirectory: path,
    isMove: z.boolean().default(false),
    onConflict: z.enum(["overwrite", "skip", "newer", "size-differs", "rename"]).default("skip"),
  })
  .openapi("CopyRequest") satisfies z.ZodType<CopyRequest>;

export const copy = z.object({ id: z.string() }).openapi("Copy");

export const modeRequest = z.object({ path, mode: z.int().min(0).max(0o7777) }).openapi("ModeRequest");

export const hashRequest = z.object({ path, algorithm: line(32).optional() }).openapi("HashRequest");

export const downloadRequest = z.object({ path, shown: z.boolean().default(false) }).openapi("DownloadRequest");

const conflicts: readonly OnConflict[] = ["ask", "overwrite", "skip", "newer", "size-differs", "rename"];
const uploadConflicts: readonly (OnConflict | "resume")[] = [...conflicts, "resume"];

export const uploadRequest = z
  .object({
    path,
    sizeBytes: z.int().min(0),
    modifiedMs: z.int().min(0).max(8.64e15),
    onConflict: z.enum(uploadConflicts).default("ask"),
  })
  .openapi("UploadRequest") satisfies z.ZodType<UploadRequest>;

const certificate = z
  .object({
    subject: z.string(),
    issuer: z.string(),
    serialNumber: z.string(),
    validFrom: z.string(),
    validUntil: z.string(),
    key: z.string(),
    fingerprint: z.string(),
    pin: z.string(),
  })
  .openapi("Certificate");

const peerCertificate = certificate
  .extend({
    host: z.string(),
    names: z.array(z.string()).readonly(),
    chain: z.array(certificate).readonly(),
    problems: z.array(z.object({ code: z.string(), text: z.string() })).readonly(),
  })
  .openapi("PeerCertificate");

export const problem = z
  .object({
    code: z.string(),
    message: z.string(),
    reply: z.object({ code: z.int(), text: z.string() }).optional(),
    cause: z.string().optional(),
    explanation: z.string().optional(),
    advice: z.array(z.string()).readonly().optional(),
    settings: z.array(z.string()).readonly().optional(),
    certificate: peerCertificate.optional(),
    offset: z.int().optional(),
  })
  .openapi("Problem");

export const login = z
  .object({
    id: z.string(),
    host: z.string(),
    port: z.int(),
    user: z.string(),
    security: z.enum(["explicit", "implicit", "plain"]),
    tls: z
      .object({
        protocol: z.string(),
        suite: z.string(),
        group: z.string().optional(),
        trustedBy: z.string(),
        certificate: peerCertificate,
        dataResumed: z.boolean().optional(),
      })
      .optional(),
    path: z.string(),
    greeting: z.string(),
    features: z.array(z.string()).readonly(),
    createdAt: z.string(),
    usedAt: z.string(),
  })
  .openapi("Login");

export const entry = z
  .object({
    name: z.string(),
    type: z.enum(["file", "directory", "link", "other", "unknown"]),
    size: z.number().optional(),
    modified: z.string().optional(),
    mode: z.int().optional(),
    owner: z.string().optional(),
    group: z.string().optional(),
    target: z.string().optional(),
  })
  .openapi("Entry");

export const hash = z.object({ algorithm: z.string(), digest: z.string() }).openapi("Hash");

export const download = z.object({ url: z.string(), sizeBytes: z.number().optional() }).openapi("Download");

export const upload = z
  .discriminatedUnion("kind", [
    z.object({ kind: z.literal("ready"), url: z.string(), path: z.string(), offset: z.int() }),
    z.object({ kind: z.literal("taken"), target: entry }),
    z.object({ kind: z.literal("skipped"), because: z.string() }),
  ])
  .openapi("Upload");
