import type { FileOutcome, FxpOutcome } from "@sallyport/client";
import { exitCodes, sallyportCode } from "../exit-codes.ts";
import { quotedName } from "../terminal/visible-text.ts";
import { ClientFailure } from "./client-failure.ts";
import type { JobOutcome } from "./transfers.ts";

/** What came of moving a file to `path`, in the words of a command; a name that is taken is named. */
export async function movedTo(path: string, moving: Promise<FileOutcome | FxpOutcome>): Promise<JobOutcome> {
  try {
    const { bytes = 0, resumedFrom, verified, path: written, skipped, ...rest } = await moving;
    if (skipped !== undefined) return { skipped };
    return { bytes, resumedFrom, verified, written, ...("route" in rest && rest.route && { route: rest.route }) };
  } catch (error) {
    if (sallyportCode(error) !== "SALLYPORT_FILE_EXISTS") throw error;
    const message = `${quotedName(path)} exists already`;
    throw new ClientFailure({ code: "SALLYPORT_FILE_EXISTS", message, exitCode: exitCodes.cannotCreate }, error);
  }
}
