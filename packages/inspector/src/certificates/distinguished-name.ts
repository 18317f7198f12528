import { displayOctets, octetsFromBytes } from "@sallyport/protocol";
import { derContent, derValues, identifierText } from "./der.ts";

/** A distinguished name as OpenSSL prints it, `C=FR, O=Example, CN=Example CA`; texts escaped for a terminal. */
export function nameText(name: Buffer): string {
  return derContent(name)
    .flatMap(({ content }) => derValues(content))
    .map(({ content }) => {
      const [type, value] = derValues(content);
      const identifier = type === undefined ? "" : identifierText(type.content);
      const text = value === undefined ? "" : displayOctets(octetsFromBytes(value.content));
      return `${attributes.get(identifier) ?? identifier}=${text}`;
    })
    .join(", ");
}

/** Attributes of a name by their identifiers (RFC 4519 §2). */
const attributes = new Map([
  ["2.5.4.3", "CN"],
  ["2.5.4.6", "C"],
  ["2.5.4.7", "L"],
  ["2.5.4.8", "ST"],
  ["2.5.4.10", "O"],
  ["2.5.4.11", "OU"],
  ["1.2.840.113549.1.9.1", "emailAddress"],
  ["0.9.2342.19200300.100.1.25", "DC"],
]);
