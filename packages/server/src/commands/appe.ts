import { type CommandHandler, withPath } from "../command-handler.ts";
import { upload } from "../transfer/upload.ts";

export const appe: CommandHandler<"APPE"> = (context, pathname) =>
  withPath(context, pathname, (path) => upload(context, path, "append"));
