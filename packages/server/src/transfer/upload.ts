import { type Octets, reply, replyOctets, TlsError, type VirtualPath } from "@sallyport/protocol";
import type { DataConnection, ReceiveResult } from "@sallyport/transport";
import { StorageError, type WriteIntent } from "@sallyport/server/storage";
import { type CommandContext, loginOf, type Outcome } from "../command-handler.ts";
import { isUnchanged, receiveEncoded } from "./encoded-upload.ts";
import { runTransfer } from "./transfer.ts";
import type { UploadSink } from "./upload-digest.ts";
import { UploadRecord } from "./upload-record.ts";

/** What an upload command wants done to the file of that name. */
export type UploadKind = "store" | "append" | "create";

/**
 * STOR, APPE and STOU: the file is opened for staging before 150 is said, published whole after a clean end, and given
 * up otherwise; what then stays is the storage's rule for interrupted uploads.
 */
export async function upload(
  context: CommandContext,
  path: VirtualPath,
  kind: UploadKind,
  options: { readonly fileName?: Octets } = {},
): Promise<Outcome> {
  const { storage } = loginOf(context);
  const intent = intentOf(context, kind);
  if (typeof intent === "string") return { reply: reply(554, intent) };
  const record = context.environment.observer?.uploadDigest && (await UploadRecord.begin(context, path, intent));
  const file = await storage.openWrite(path, intent);
  const sink = record === undefined ? file : record.sink(file, intent);
  // RFC 1123 §4.1.2.9: exactly this form for STOU.
  const opening =
    options.fileName === undefined ? reply(150, "Ready for data.") : replyOctets(150, "FILE: ", options.fileName);
  return runTransfer(context, {
    direction: "upload",
    path,
    opening,
    move: (data, report) => receive(context, data, sink, intent, report),
    conclude: async () => {
      const entry = await file.publish();
      record?.notePublished(entry);
    },
    giveUp: (keep) => file.abandon({ keep }),
    ...(record && { published: () => record.facts() }),
    ...(options.fileName === undefined ? {} : { completion: "Stored under a new name." }),
  });
}

function intentOf({ state, environment }: CommandContext, kind: UploadKind): WriteIntent | string {
  const { restart, parameters, announcedBytes } = state;
  const durable = environment.options.durable === true;
  const announced = announcedBytes !== undefined && announcedBytes <= BigInt(Number.MAX_SAFE_INTEGER);
  const common = { durable, ...(announced ? { expectedBytes: Number(announcedBytes) } : {}) };
  if (kind === "create") return restart.kind === "none" ? { kind, ...common } : "REST and RANG do not go with STOU.";
  if (kind === "append" && restart.kind === "none") return { kind, ...common };
  switch (restart.kind) {
    case "none":
      return { kind: "replace", ...common };
    case "range":
      if (restart.last > BigInt(Number.MAX_SAFE_INTEGER)) return "The range lies beyond the end of the file.";
      return { kind: "range", first: Number(restart.first), last: Number(restart.last), ...common };
    case "offset":
      if (parameters.type === "A") return "Uploads resume in TYPE I.";
      if (restart.offset > BigInt(Number.MAX_SAFE_INTEGER))
        return "The restart offset lies beyond the end of the file.";
      return { kind: "resume", offset: Number(restart.offset), ...common };
  }
}

async function receive(
  context: CommandContext,
  data: DataConnection,
  file: UploadSink,
  intent: WriteIntent,
  report: (bytes: number) => void,
): Promise<number> {
  using rate = await context.environment.ledger.beginTransfer(loginOf(context).account, "upload");
  const options = {
    signal: context.signal,
    stallMs: context.limits.dataStallMs,
    onProgress: report,
    ...rate.options,
  };
  const sink = intent.kind === "range" ? withinRange(file, intent.last) : file;
  if (!isUnchanged(context)) {
    const { bytes, provenEnd, result } = await receiveEncoded(context, data, sink, options);
    if (!provenEnd) demandCleanEnd(context, result, bytes);
    return bytes;
  }
  const result = await data.receiveInto(sink, file.startPosition, options);
  demandCleanEnd(context, result, result.bytes);
  return result.bytes;
}

/** Refuses octets past the end of a range. */
function withinRange(file: UploadSink, last: number): UploadSink {
  return {
    startPosition: file.startPosition,
    write: (buffer, position) => {
      if (position + buffer.length - 1 > last) {
        throw new StorageError("out-of-range", "more octets came than the range holds");
      }
      return file.write(buffer, position);
    },
  };
}

/**
 * TLS data ends with close_notify or is not whole (R-TLS-20), unless ALLO told the size and it fits, or the policy lets
 * old clients off. In the clear a FIN ends the data; fewer octets than ALLO announced are not whole.
 */
function demandCleanEnd(context: CommandContext, result: ReceiveResult, bytes: number): void {
  const { announcedBytes, parameters } = context.state;
  const { account } = loginOf(context);
  const announced = parameters.type === "I" ? announcedBytes : undefined;
  if (result.end === "close-notify" || result.end === "final-block") return;
  if (result.end === "fin") {
    if (announced !== undefined && BigInt(bytes) < announced) throw truncated("fewer octets came than ALLO announced");
    return;
  }
  if (announced !== undefined && BigInt(bytes) === announced) return;
  const policy = context.environment.dataPolicyFor(context.control.listener, account);
  if (policy.uncleanClose === "accept") return;
  throw truncated("the client closed the data connection without close_notify");
}

function truncated(cause: string): TlsError {
  return new TlsError("SALLYPORT_DATA_TRUNCATED", cause);
}
