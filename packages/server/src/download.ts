import { encoderFor, reply, type VirtualPath } from "@sallyport/protocol";
import { ByteThrottle, type DataConnection, deflateChunks } from "@sallyport/transport";
import type { ReadableFile } from "@sallyport/server/storage";
import { type CommandContext, loginOf, type Outcome } from "./command-handler.ts";
import { asciiOffset } from "./ascii-offset.ts";
import { encodedChunks, fileChunks } from "./file-chunks.ts";
import { runTransfer } from "./transfer.ts";

/** The octets of a file that a RETR sends; `end` is exclusive. */
interface Extent {
  readonly first: number;
  readonly end: number;
}

/** RETR: the file is open before 150 is said; REST and RANG choose a part of it (R-3659-06, R-RANG-01). */
export async function download(context: CommandContext, path: VirtualPath): Promise<Outcome> {
  const { storage } = loginOf(context);
  const file = await storage.openRead(path);
  const extent = await extentOf(context, file);
  if (typeof extent === "string") {
    await file.close();
    return { reply: reply(554, extent), changes: { restart: { kind: "none" } } };
  }
  const { parameters } = context.state;
  const size = extent.end - extent.first;
  return runTransfer(context, {
    direction: "download",
    path,
    opening: reply(150, `Opening ${parameters.typeName === "A" ? "ASCII" : "image"} data connection, ${size} octets.`),
    move: (data, report) => send(context, data, file, extent, report),
    conclude: () => file.close(),
    giveUp: () => file.close(),
  });
}

async function extentOf({ state, signal, limits }: CommandContext, file: ReadableFile): Promise<Extent | string> {
  const { restart, parameters } = state;
  const size = file.sizeBytes;
  switch (restart.kind) {
    case "none":
      return { first: 0, end: size };
    case "range":
      // A range past the end is empty, one that reaches past it ends there (draft-bryan-ftp-range).
      return { first: Math.min(Number(restart.first), size), end: Math.min(Number(restart.last) + 1, size) };
    case "offset": {
      if (parameters.type === "A" && parameters.mode === "S") {
        if (parameters.structure !== "F") return "REST needs STRU F.";
        const first = await asciiOffset(file, restart.offset, limits.asciiSizeBytes, signal);
        return first === undefined ? "The restart offset lies beyond the end of the file." : { first, end: size };
      }
      if (restart.offset > BigInt(size)) return "The restart offset lies beyond the end of the file.";
      return { first: Number(restart.offset), end: size };
    }
  }
}

async function send(
  context: CommandContext,
  data: DataConnection,
  file: ReadableFile,
  { first, end }: Extent,
  report: (bytes: number) => void,
): Promise<number> {
  const { parameters, deflateLevel } = context.state;
  const rate = loginOf(context).account.downloadBytesPerSecond;
  const options = {
    signal: context.signal,
    stallMs: context.limits.dataStallMs,
    onProgress: report,
    ...(rate === undefined ? {} : { throttle: new ByteThrottle(rate) }),
  };
  const encoder = encoderFor(parameters);
  if (encoder === undefined && parameters.mode !== "Z") {
    return data.sendFrom(file, first, end, options);
  }
  const plain = fileChunks(file, first, end, report);
  const encoded = encoder === undefined ? plain : encodedChunks(plain, encoder);
  const chunks = parameters.mode === "Z" ? deflateChunks(encoded, { level: deflateLevel }) : encoded;
  const { onProgress: _, ...quiet } = options;
  await data.sendChunks(chunks, quiet);
  return end - first;
}
