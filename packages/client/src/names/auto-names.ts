import type { Octets } from "@sallyport/protocol";
import type { KnownServer } from "../profile/known-server.ts";
import { chooseCharset, type NameCodec, nameCodec, utf8Names } from "./name-codec.ts";

export interface AutoNamesOptions {
  /** The encoding of names that turn out not to be UTF-8; absent, their octets are kept as escapes. */
  readonly fallback: string | undefined;
  readonly known: Pick<KnownServer, "fact" | "learn">;
  /** Whether FEAT has UTF8; asked when it first matters. */
  readonly announcesUtf8: () => boolean;
}

/**
 * Names in an encoding that the server shows: UTF-8 where it announces that, otherwise what the first name outside ASCII
 * is, which an earlier run may have seen. It is decided once: a string that was read by one encoding is never sent in
 * another, and each name goes back to the octets that it came in.
 *
 * @throws {UsageError} SALLYPORT_ENCODING_UNKNOWN for a fallback that no path can be written in
 */
export function autoNames({ fallback, known, announcesUtf8 }: AutoNamesOptions): NameCodec {
  const legacy = fallback === undefined ? undefined : nameCodec(fallback);
  let decided: NameCodec | undefined;
  const decide = (names: NameCodec): NameCodec => (decided = names);
  const fromProfile = (): NameCodec | undefined => {
    const charset = known.fact("charset");
    if (charset === undefined) return undefined;
    return charset === "utf-8" ? utf8Names : (legacy ?? nameCodec(charset));
  };
  const evidenceOf = (octets: Octets): NameCodec => {
    const utf8Announced = announcesUtf8();
    const { encoding, because } = chooseCharset({
      utf8Announced,
      names: [octets],
      ...(legacy && { fallback: legacy.encoding }),
    });
    const names = encoding === "utf-8" ? utf8Names : nameCodec(encoding);
    if (because !== "not-utf8" || legacy !== undefined) known.learn("charset", encoding, because);
    return decide(names);
  };
  return {
    get encoding() {
      return decided?.encoding ?? "utf-8";
    },
    textOf: (octets) => {
      if (decided !== undefined) return decided.textOf(octets);
      return isAscii.test(octets) ? octets : (decideBefore() ?? evidenceOf(octets)).textOf(octets);
    },
    octetsOf: (text) => {
      if (decided !== undefined) return decided.octetsOf(text);
      if (isAscii.test(text)) return text as Octets;
      // Nothing was seen yet: who names another encoding knows such servers.
      return (decideBefore() ?? decide(announcesUtf8() ? utf8Names : (legacy ?? utf8Names))).octetsOf(text);
    },
  };

  function decideBefore(): NameCodec | undefined {
    const names = fromProfile();
    return names && decide(names);
  }
}

/** The encoding that is meant by `auto`, or by `auto,LABEL` with one for names that are not UTF-8; undefined for others. */
export function parseAutoEncoding(encoding: string): { readonly fallback: string | undefined } | undefined {
  const [, fallback] = /^auto(?:,\s*(.+))?$/i.exec(encoding) ?? [];
  return /^auto(?:,|$)/i.test(encoding) ? { fallback } : undefined;
}

// oxlint-disable-next-line no-control-regex -- all of ASCII
const isAscii = /^[\0-\x7F]*$/;
