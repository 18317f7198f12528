import { type AsciiPosition, reply, type VirtualPath } from "@sallyport/protocol";
import type { DataConnection } from "@sallyport/transport";
import type { ReadableFile } from "@sallyport/server/storage";
import { type CommandContext, loginOf, type Outcome } from "../command-handler.ts";
import { asciiPosition } from "./ascii-measure.ts";
import { encodedFile } from "./encoded-download.ts";
import { runTransfer } from "./transfer.ts";

/** The octets of a file that a RETR sends; `end` is exclusive. */
interface Extent {
  readonly first: number;
  readonly end: number;
  /** Where a TYPE A transfer begins inside the file. */
  readonly position?: AsciiPosition;
}

const beyondEnd = "The restart offset lies beyond the end of the file.";

/** RETR: the file is open before 150 is said; REST and RANG choose a part of it (R-3659-06, R-RANG-01). */
export async function download(context: CommandContext, path: VirtualPath): Promise<Outcome> {
  const { storage } = loginOf(context);
  const file = await storage.openRead(path);
  const extent = await extentOf(context, file).catch(async (error: unknown) => {
    await file.close();
    throw error;
  });
  if (typeof extent === "string") {
    await file.close();
    return { reply: reply(554, extent) };
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

async function extentOf(context: CommandContext, file: ReadableFile): Promise<Extent | string> {
  const { restart, parameters } = context.state;
  const size = file.sizeBytes;
  switch (restart.kind) {
    case "none":
      return { first: 0, end: size };
    case "range":
      // A range past the end is empty, one that reaches past it ends there (draft-bryan-ftp-range).
      return { first: Math.min(Number(restart.first), size), end: Math.min(Number(restart.last) + 1, size) };
    case "offset": {
      if (parameters.type === "A") {
        if (parameters.structure !== "F") return "REST needs STRU F.";
        const position = await asciiPosition(file, restart.offset, context);
        return position === undefined ? beyondEnd : { first: position.localOffset, end: size, position };
      }
      if (restart.offset > BigInt(size)) return beyondEnd;
      return { first: Number(restart.offset), end: size };
    }
  }
}

async function send(
  context: CommandContext,
  data: DataConnection,
  file: ReadableFile,
  extent: Extent,
  report: (bytes: number) => void,
): Promise<number> {
  using rate = await context.environment.ledger.beginTransfer(loginOf(context).account, "download");
  const options = {
    signal: context.signal,
    stallMs: context.limits.dataStallMs,
    ...rate.options,
  };
  const chunks = encodedFile(context, file, extent, report);
  if (chunks === undefined)
    return await data.sendFrom(file, extent.first, extent.end, { ...options, onProgress: report });
  await data.sendChunks(chunks, options);
  return extent.end - extent.first;
}
