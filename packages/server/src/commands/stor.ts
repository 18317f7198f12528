import { type CommandHandler, withPath } from "../command-handler.ts";
import { upload } from "../transfer/upload.ts";

export const stor: CommandHandler<"STOR"> = (context, pathname) =>
  withPath(context, pathname, (path) => upload(context, path, "store"));
