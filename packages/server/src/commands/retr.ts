import { type CommandHandler, withPath } from "../command-handler.ts";
import { download } from "../transfer/download.ts";

export const retr: CommandHandler<"RETR"> = (context, pathname) =>
  withPath(context, pathname, (path) => download(context, path));
