import type { Octets } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";
import { cwd } from "./cwd.ts";

/** At the root it stays there. Reply 250 as CWD (D-05). */
export const cdup: CommandHandler<"CDUP"> = (context) => cwd(context, ".." as Octets);
