/** A PDF file with a page for each text, in a font that readers bring themselves; `more` stands in its catalogue, a gap before its last object. */
export function pdfOf(pages: readonly string[], more = "", gapBytes = 0): Buffer {
  const kids = pages.map((_, at) => `${4 + 2 * at} 0 R`).join(" ");
  const font = "<</Font<</F1 3 0 R>>>>";
  return fileOf([
    `<</Type/Catalog/Pages 2 0 R${more}>>`,
    `<</Type/Pages/Kids[${kids}]/Count ${pages.length}/MediaBox[0 0 595 842]/Resources${font}>>`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ...pages.flatMap((text, at) => [
      `<</Type/Page/Parent 2 0 R/Contents ${5 + 2 * at} 0 R/Annots[${annotation}]>>`,
      streamOf(`0.06 0.46 0.43 rg 60 60 475 200 re f BT /F1 36 Tf 60 760 Td 0 g (${text}) Tj ET`),
    ]),
    `<<>>%${" ".repeat(gapBytes)}`,
  ]);
}

/** A link that leads elsewhere and a field with a script: neither is to do anything. */
const annotation =
  "<</Type/Annot/Subtype/Link/Rect[60 60 535 260]/A<</S/URI/URI(https://elsewhere.example/)>>>>" +
  "<</Type/Annot/Subtype/Widget/FT/Tx/T(f)/Rect[60 300 200 320]/AA<</F<</S/JavaScript/JS(ran\\(\\))>>>>>>";

/** One with a black bar and nothing else, as a fax has it: eight white rows, shown inverted (ITU-T T.6). */
export function faxPdf(): Buffer {
  const image = "BI/W 8/H 8/IM true/BPC 1/F/CCF/DP<</K -1/Columns 8/Rows 8>>/D[1 0] ID \xFF EI";
  return fileOf([
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>/Contents 4 0 R>>",
    streamOf(`q 0 g 400 0 0 60 60 760 cm ${image} Q`),
  ]);
}

/** One that asks for a password (PDF 32000-1 §7.6), with the marks of encryption and nothing that opens them. */
export function encryptedPdf(): Buffer {
  const zeros = "0".repeat(64);
  const encrypt = `/Encrypt<</Filter/Standard/V 1/R 2/O<${zeros}>/U<${zeros}>/P -4>>/ID[<00><00>]`;
  return fileOf(["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]/Count 0>>"], encrypt);
}

function streamOf(content: string): string {
  return `<</Length ${content.length}>>stream\n${content}\nendstream`;
}

function fileOf(objects: readonly string[], trailer = ""): Buffer {
  let text = "%PDF-1.7\n";
  const offsets = objects.map((object, at) => {
    const offset = text.length;
    text += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const rows = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  const start = text.length;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}`;
  return Buffer.from(
    `${text}trailer<</Size ${objects.length + 1}/Root 1 0 R${trailer}>>\nstartxref\n${start}\n%%EOF\n`,
    "latin1",
  );
}
