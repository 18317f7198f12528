import type { ComponentChildren } from "preact";
import { lexer, type Token, type Tokens } from "marked";
import { texts } from "../texts/language.ts";

/**
 * Markdown as elements of the page. What it says becomes text and a few kinds of elements, never markup: HTML in it stays
 * text, pictures are named instead of loaded, and links lead nowhere but to web and mail.
 */
export function Markdown({ text }: { readonly text: string }) {
  return <div class="markdown">{blocks(lexer(text))}</div>;
}

function blocks(tokens: readonly Token[]): ComponentChildren {
  return tokens.map((token) => drawn(token as MarkedToken));
}

type MarkedToken =
  | Tokens.Blockquote
  | Tokens.Br
  | Tokens.Checkbox
  | Tokens.Code
  | Tokens.Codespan
  | Tokens.Del
  | Tokens.Em
  | Tokens.Escape
  | Tokens.Heading
  | Tokens.Hr
  | Tokens.HTML
  | Tokens.Image
  | Tokens.Link
  | Tokens.List
  | Tokens.Paragraph
  | Tokens.Space
  | Tokens.Strong
  | Tokens.Table
  | Tokens.Text;

function drawn(token: MarkedToken): ComponentChildren {
  switch (token.type) {
    case "space":
      return null;
    case "heading":
      return <Heading depth={token.depth}>{blocks(token.tokens)}</Heading>;
    case "paragraph":
      return <p>{blocks(token.tokens)}</p>;
    case "blockquote":
      return <blockquote>{blocks(token.tokens)}</blockquote>;
    case "code":
      return (
        <pre tabIndex={0}>
          <code>{token.text}</code>
        </pre>
      );
    case "list":
      return <List list={token} />;
    case "table":
      return <Table table={token} />;
    case "hr":
      return <hr />;
    case "br":
      return <br />;
    case "strong":
      return <strong>{blocks(token.tokens)}</strong>;
    case "em":
      return <em>{blocks(token.tokens)}</em>;
    case "del":
      return <del>{blocks(token.tokens)}</del>;
    case "codespan":
      return <code>{token.text}</code>;
    case "link":
      return <Link href={token.href}>{blocks(token.tokens)}</Link>;
    case "image":
      return <span class="markdown-image">[{token.text || token.href}]</span>;
    case "text":
      return "tokens" in token && token.tokens !== undefined ? blocks(token.tokens) : token.text;
    case "checkbox":
      return <input type="checkbox" checked={token.checked} disabled aria-label={texts.value.viewer.task} />;
    case "html":
    case "escape":
      return token.text;
    default:
      return (token as Token).raw;
  }
}

/** Headings of a file stand below the page's own. */
function Heading({ depth, children }: { readonly depth: number; readonly children: ComponentChildren }) {
  if (depth <= 1) return <h3>{children}</h3>;
  return depth === 2 ? <h4>{children}</h4> : <h5>{children}</h5>;
}

function List({ list }: { readonly list: Tokens.List }) {
  const items = list.items.map((item, at) => <li key={at}>{blocks(item.tokens)}</li>);
  return list.ordered ? <ol start={Number(list.start) || 1}>{items}</ol> : <ul>{items}</ul>;
}

function Table({ table }: { readonly table: Tokens.Table }) {
  return (
    <table>
      <thead>
        <tr>
          {table.header.map((cell, at) => (
            <th key={at} scope="col">
              {blocks(cell.tokens)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {table.rows.map((row, at) => (
          <tr key={at}>
            {row.map((cell, column) => (
              <td key={column}>{blocks(cell.tokens)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Link({ href, children }: { readonly href: string; readonly children: ComponentChildren }) {
  if (!/^(?:https?:\/\/|mailto:)/i.test(href)) return <>{children}</>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}
