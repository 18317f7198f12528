/** A fenced block of a Markdown document. */
export interface CodeBlock {
  /** What stands behind the fence, for example `sh run`. */
  readonly info: string;
  readonly code: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
}

/** A link of a Markdown document to a place that is not on the web. */
export interface InternalLink {
  readonly target: string;
  readonly line: number;
}

export function codeBlocks(document: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { info: string; line: number; code: string[] } | undefined;
  for (const [index, text] of document.split("\n").entries()) {
    const fence = /^```(.*)$/.exec(text);
    if (open === undefined) {
      if (fence) open = { info: fence[1]?.trim() ?? "", line: index + 1, code: [] };
    } else if (fence) {
      blocks.push({ info: open.info, code: open.code.join("\n"), line: open.line });
      open = undefined;
    } else open.code.push(text);
  }
  return blocks;
}

export function internalLinks(document: string): readonly InternalLink[] {
  return proseLines(document).flatMap(({ text, line }) =>
    [...text.matchAll(/\]\(([^()\s]+)\)/g)]
      .map(([, target = ""]) => ({ target, line }))
      .filter(({ target }) => !/^(?:https?|mailto|ftps?):/.test(target)),
  );
}

/** The anchors that GitHub makes of headings. */
export function anchors(document: string): ReadonlySet<string> {
  const headings = proseLines(document).flatMap(({ text }) => /^#{1,6}\s+(.*)$/.exec(text)?.[1] ?? []);
  return new Set(headings.map(anchorOf));
}

function anchorOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");
}

/** Lines outside of code, with inline code taken out. */
function proseLines(document: string): readonly { text: string; line: number }[] {
  let inCode = false;
  return document.split("\n").flatMap((text, index) => {
    const isFence = text.startsWith("```");
    if (isFence) inCode = !inCode;
    return inCode || isFence
      ? []
      : [{ text: text.startsWith("#") ? text : text.replaceAll(/`[^`]*`/g, ""), line: index + 1 }];
  });
}
