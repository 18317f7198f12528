import { limits } from "@sallyport/protocol";

/** An element of an XML document: its children, and its own text put together. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

/** Why a text is not XML that is read here, in a sentence. */
export interface XmlFailure {
  readonly failure: string;
}

/**
 * Reads the XML that programs write their settings in: elements, attributes, text, comments, CDATA, processing
 * instructions, the five named entities and numbered ones. There is no document type: a file with one is refused, so
 * nothing is ever expanded or fetched. Depth is bounded by `xmlDepthCount`; time and memory grow with the text.
 */
export function parseXml(text: string): XmlElement | XmlFailure {
  const reader: Reader = { open: [newElement("", new Map())], failure: undefined };
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  while (at < text.length && reader.failure === undefined) {
    const next = text.indexOf("<", at);
    const end = next < 0 ? text.length : next;
    if (end > at) addText(reader, text.slice(at, end));
    at = next < 0 ? text.length : readMarkup(reader, text, next);
  }
  const [root, ...unclosed] = reader.open;
  if (reader.failure !== undefined) return { failure: reader.failure };
  const [element, ...more] = root?.children ?? [];
  if (element === undefined || more.length > 0 || unclosed.length > 0 || root?.text.trim() !== "") {
    return { failure: "The XML is incomplete." };
  }
  return element;
}

/** The first child of a name. */
export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}

interface OpenElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  text: string;
}

interface Reader {
  /** The document, then the elements that are open. */
  readonly open: OpenElement[];
  failure: string | undefined;
}

function newElement(name: string, attributes: ReadonlyMap<string, string>): OpenElement {
  return { name, attributes, children: [], text: "" };
}

/** Reads what starts with `<` and returns where it ends. */
function readMarkup(reader: Reader, text: string, at: number): number {
  for (const [start, end, isText] of sections) {
    if (!text.startsWith(start, at)) continue;
    const close = text.indexOf(end, at + start.length);
    if (close < 0) return fail(reader, text, "The XML is incomplete.");
    const top = reader.open.at(-1);
    if (isText && top !== undefined) top.text += text.slice(at + start.length, close);
    return close + end.length;
  }
  if (text.startsWith("<!", at)) return fail(reader, text, "The XML has a document type, which no settings need.");
  tagPattern.lastIndex = at;
  const match = tagPattern.exec(text);
  if (match === null) return fail(reader, text, "The XML has a malformed tag.");
  const [whole, slash, name = "", attributes = "", isEmpty] = match;
  if (slash === "/") closeElement(reader, name, attributes + (isEmpty ?? ""));
  else openElement(reader, name, attributes, isEmpty === "/");
  return at + whole.length;
}

const sections: ReadonlyArray<readonly [start: string, end: string, isText: boolean]> = [
  ["<!--", "-->", false],
  ["<![CDATA[", "]]>", true],
  ["<?", "?>", false],
];

const tagPattern = /<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[A-Za-z_][\w.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
const attributePattern = /([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

function openElement(reader: Reader, name: string, attributeText: string, isEmpty: boolean): void {
  const attributes = new Map<string, string>();
  for (const [, key = "", double, single] of attributeText.matchAll(attributePattern)) {
    attributes.set(key, decodeEntities(reader, double ?? single ?? ""));
  }
  reader.open.push(newElement(name, attributes));
  if (reader.open.length > limits.xmlDepthCount.value) reader.failure = "The XML is nested too deeply.";
  if (isEmpty) closeElement(reader, name, "");
}

function closeElement(reader: Reader, name: string, rest: string): void {
  const element = reader.open.at(-1);
  if (element === undefined || element.name !== name || reader.open.length < 2 || rest !== "") {
    reader.failure = "The XML has an end tag without its start.";
    return;
  }
  reader.open.pop();
  reader.open.at(-1)?.children.push(element);
}

function addText(reader: Reader, text: string): void {
  const top = reader.open.at(-1);
  if (top !== undefined) top.text += decodeEntities(reader, text);
}

function decodeEntities(reader: Reader, text: string): string {
  return text.replace(/&([^;&<]{0,12})(;?)/g, (_, name: string, end: string) => {
    const character = end === ";" ? (namedEntities.get(name) ?? numberedEntity(name)) : undefined;
    if (character === undefined) reader.failure = "The XML has an unknown entity.";
    return character ?? "";
  });
}

const namedEntities: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

function numberedEntity(name: string): string | undefined {
  const [, hexadecimal, decimal] = /^#(?:x([\da-f]{1,6})|(\d{1,7}))$/i.exec(name) ?? [];
  const code = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16);
  const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return isCharacter ? String.fromCodePoint(code) : undefined;
}

function fail(reader: Reader, text: string, failure: string): number {
  reader.failure = failure;
  return text.length;
}
