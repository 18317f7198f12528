/** Names and contents that try to run in whoever shows them: each calls `ran()`, or would open a dialog. */

const call = "ran()";

/** Names of files, without the slash that no name has. */
export const names: readonly string[] = [
  ...[
    `<script>${call}<script>`,
    `<img src=x onerror=${call}>`,
    `<svg onload=${call}>`,
    `"><img src=x onerror=${call}>`,
  ],
  ...[`'><svg onload=${call}>`, `<iframe srcdoc="<img src=x onerror=${call}>">`, `<body onload=${call}>`],
  ...[`<details open ontoggle=${call}>`, `<input autofocus onfocus=${call}>`, `<video><source onerror=${call}>`],
  ...[`<marquee onstart=${call}>`, `<object data="javascript:${call}">`, `<a href="javascript:${call}">x`],
  ...[`<math><mtext><img src=x onerror=${call}>`, `<style onload=${call}>`, `<base href="javascript:${call}">`],
  ...[
    `<meta http-equiv="refresh" content="0;url=javascript:${call}">`,
    `<form><button formaction="javascript:${call}">`,
  ],
  ...[`javascript:${call}`, `data:text,html,<script>${call}<script>`, `\${${call}}`, `{{${call}}}`, `<%= ${call} %>`],
  ...[
    `" onmouseover="${call}`,
    `' onfocus='${call}' autofocus='`,
    `\` onerror=${call}`,
    `&lt;img src=x onerror=${call}&gt;`,
  ],
  ...[
    `&#60;svg onload=${call}&#62;`,
    `%3Csvg onload=${call}%3E`,
    `\\u003csvg onload=${call}\\u003e`,
    `<!--><svg onload=${call}>`,
  ],
  ...[`]]><svg onload=${call}>`, `<svg><animate onbegin=${call} attributeName=x>`, `<svg><script>${call}`],
  ...[
    `a"; filename="evil.html`,
    `a%22;b.html`,
    'a\\"b.svg',
    "name=x;charset=utf-7.txt",
    "__proto__",
    "constructor",
    "toString",
  ],
  ...[
    "\u202Efdp.exe",
    "\u200Bhidden.txt",
    "…".repeat(80),
    "NUL",
    "con.txt",
    "%00.html",
    "%0d%0aSet-Cookie: x=1",
    "+ADw-script+AD4-",
  ],
];

const html = `<!doctype html><script>${call};alert(1)</script><img src=x onerror=${call}>`;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload="${call}"><script>${call}</script></svg>`;
const markdown = `# x\n<script>${call}</script>\n<img src=x onerror=${call}>\n[x](javascript:${call})\n![x](x"onerror="${call})\n<svg onload=${call}>`;

/** What lies in files, by their names. */
export const contents: Readonly<Record<string, string>> = {
  ...{
    "page.html": html,
    "page.htm": html,
    "page.xhtml": html,
    "page.shtml": html,
    "page.mht": html,
    "page.hta": html,
  },
  ...{ "image.svg": svg, "image.svgz": svg, "page.xml": svg, "feed.rss": svg, "style.xsl": svg },
  ...{
    "script.js": call,
    "module.mjs": call,
    "style.css": "*{background:url(javascript:ran())}",
    "app.webmanifest": "{}",
  },
  ...{ "page.md": markdown, "README.markdown": markdown },
  ...{
    "mime.png": html,
    "mime.jpg": html,
    "mime.gif": `GIF89a/*${html}*/=1;${call}`,
    "mime.txt": html,
    "mime.pdf": html,
  },
  ...{ "mime.mp4": html, "mime.webp": svg, "mime.bmp": `BM${html}`, "mime.wav": html, "mime.html.png": html },
  ...{ noextension: html, "two.png.html": html, "UPPER.HTML": html, "trailing.html.": html, "space.html ": html },
  ...{ "form.pdf": `%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n${html}` },
};
