import { multiLineReply, octetsFromText, type OptionalCapability, type Reply } from "@sallyport/protocol";
import type { CommandContext } from "./command-handler.ts";
import { siteChmod } from "./commands/site/chmod.ts";
import { siteCpfr, siteCpto } from "./commands/site/copy.ts";
import { siteIdle } from "./commands/site/idle.ts";
import { siteMkdir } from "./commands/site/mkdir.ts";
import { siteRmdir } from "./commands/site/rmdir.ts";
import { siteSymlink } from "./commands/site/symlink.ts";
import type { SiteHandler } from "./commands/site/site-handler.ts";
import { siteUtime } from "./commands/site/utime.ts";

interface SiteRow {
  readonly syntax: string;
  readonly handle: SiteHandler;
  readonly capability?: OptionalCapability;
  /** Keeps what CPFR remembered. */
  readonly pairs?: true;
}

const rows: Readonly<Record<string, SiteRow>> = {
  CHMOD: { syntax: "SITE CHMOD mode path", handle: siteChmod },
  CPFR: { syntax: "SITE CPFR path", handle: siteCpfr },
  CPTO: { syntax: "SITE CPTO path", handle: siteCpto, pairs: true },
  HELP: { syntax: "SITE HELP", handle: (context) => ({ reply: siteHelp(context) }) },
  IDLE: { syntax: "SITE IDLE [seconds]", handle: siteIdle },
  MKDIR: { syntax: "SITE MKDIR path (with parents)", handle: siteMkdir },
  RMDIR: { syntax: "SITE RMDIR path (with content)", handle: siteRmdir, capability: "recursive-removal" },
  SYMLINK: { syntax: "SITE SYMLINK target path", handle: siteSymlink },
  UTIME: { syntax: "SITE UTIME time path", handle: siteUtime },
};

/** The row of a SITE verb that is on; undefined otherwise. */
export function siteRow(context: CommandContext, verb: string): SiteRow | undefined {
  const row = Object.hasOwn(rows, verb) ? rows[verb] : undefined;
  const on =
    row !== undefined &&
    (row.capability === undefined || context.state.policy.capabilities.has(row.capability)) &&
    (verb !== "SYMLINK" || context.environment.options.allowSymbolicLinks === true);
  return on ? row : undefined;
}

export function siteHelp(context: CommandContext): Reply {
  const lines = usableVerbs(context).map((verb) => octetsFromText(rows[verb]?.syntax ?? verb));
  return multiLineReply(214, "SITE verbs (times are UTC):", lines, "End");
}

export function siteFeature(context: CommandContext): string {
  return `SITE ${usableVerbs(context).join(";")}`;
}

function usableVerbs(context: CommandContext): string[] {
  return Object.keys(rows).filter((verb) => siteRow(context, verb) !== undefined);
}
