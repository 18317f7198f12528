import { codeOf, type Answer, type ProbeConnection } from "./control.ts";

/** A feature that FEAT lists, with what the server says to a command of it that changes nothing. */
export interface ClaimedFeature {
  readonly name: string;
  readonly command: string;
  readonly answer: Answer;
  readonly works: boolean;
}

/** A name that no server has. */
const nobodys = "sallyport-inspect-none";

/** How each feature is tried, and what puts things right again behind it. */
const trials: readonly { readonly feature: RegExp; readonly command: string; readonly undo?: string }[] = [
  { feature: /^UTF8\b/, command: "OPTS UTF8 ON" },
  { feature: /^MLST\b/, command: "MLST" },
  { feature: /^SIZE\b/, command: `SIZE ${nobodys}` },
  { feature: /^MDTM\b/, command: `MDTM ${nobodys}` },
  { feature: /^MFMT\b/, command: `MFMT 20200101000000 ${nobodys}` },
  { feature: /^REST STREAM\b/, command: "REST 1", undo: "REST 0" },
  { feature: /^HASH\b/, command: `HASH ${nobodys}` },
  { feature: /^XCRC\b/, command: `XCRC ${nobodys}` },
  { feature: /^XMD5\b/, command: `XMD5 ${nobodys}` },
  { feature: /^XSHA256\b/, command: `XSHA256 ${nobodys}` },
  { feature: /^LANG\b/, command: "LANG" },
  { feature: /^CLNT\b/, command: "CLNT sallyport-inspect" },
  { feature: /^HOST\b/, command: "HOST localhost" },
  { feature: /^MODE Z\b/, command: "MODE Z", undo: "MODE S" },
  { feature: /^EPSV\b/, command: "EPSV" },
  { feature: /^PBSZ\b/, command: "PBSZ 0" },
  { feature: /^PROT\b/, command: "PROT P" },
  { feature: /^CSID\b/, command: "CSID Name=sallyport-inspect;" },
  { feature: /^AVBL\b/, command: "AVBL" },
];

/** Replies that say that there is no such command: whoever lists it must not give them (RFC 2389 §3.2). */
const unknown: ReadonlySet<number> = new Set([500, 502]);

/** Tries every feature that is listed, one behind the other. */
export async function claimFeatures(connection: ProbeConnection): Promise<readonly ClaimedFeature[]> {
  const listed = await connection.command("FEAT");
  const lines = codeOf(listed) === 211 && listed.kind === "reply" ? listed.lines.slice(1, -1) : [];
  const names = lines.map((line) => line.trim().toUpperCase());
  // Some tell sizes and take restarts in images alone.
  await connection.command("TYPE I");
  const claimed: ClaimedFeature[] = [];
  for (const { feature, command, undo } of trials) {
    const name = names.find((candidate) => feature.test(candidate));
    if (name === undefined || connection.isOver) continue;
    const answer = await connection.command(command);
    if (undo !== undefined) await connection.command(undo);
    claimed.push({ name, command, answer, works: answer.kind === "reply" && !unknown.has(answer.code) });
  }
  return claimed;
}
