import { replyOctets } from "@sallyport/protocol";
import { type CommandHandler, withPath } from "../command-handler.ts";
import { digestFile } from "../digest/digest-file.ts";

/**
 * draft-bryan-ftpext-hash: `213 ALG first-last hex path` over the content as TYPE I would send it, or over the range
 * that RANG chose; the last octet is inclusive, an empty file is `0-0` (D-14).
 */
export const hash: CommandHandler<"HASH"> = (context, pathname) =>
  withPath(context, pathname, async (path, login) => {
    const { restart, hashAlgorithm } = context.state;
    const range = restart.kind === "range" ? { first: Number(restart.first), last: Number(restart.last) } : undefined;
    const digest = await digestFile(context, login.storage, path, hashAlgorithm, range);
    const changes = { restart: { kind: "none" } } as const;
    if (!digest.ok) return { reply: digest.reply, changes };
    const span = `${digest.first}-${Math.max(digest.first, digest.end - 1)}`;
    return { reply: replyOctets(213, `${hashAlgorithm} ${span} ${digest.hex} `, pathname), changes };
  });
