import type { Octets } from "@sallyport/protocol";
import { baseName } from "../names/remote-path.ts";

/** Whether files with such a name shrink: true, false, or undefined where the ending tells nothing. */
export interface Compressibility {
  /** In lower case, without the dot; empty where there is none. */
  readonly ending: string;
  readonly shrinks: boolean | undefined;
}

/** Tells by the ending of a name whether its file can be compressed. */
export function compressibility(path: Octets): Compressibility {
  // Temporary names of uploads carry an ending of their own.
  const name = baseName(path).replace(/\.sallyport-part.*$/, "");
  const ending = /\.([^.]{1,12})$/.exec(name)?.[1]?.toLowerCase() ?? "";
  return { ending, shrinks: shrinking.has(ending) ? true : compressed.has(ending) ? false : undefined };
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

const shrinking = words(
  `asc bmp c cc cfg conf cpp css csv dbf dif dump edi eml eps geojson gml go h hpp htm html ics ini java js json jsonl
  kml log lst mbox md mjs ndjson obj patch php pl prn properties ps py rb rs rst rtf sh sql srt stl svg tab tar tex text
  tif tiff toml ts tsv txt vcf wav wsdl xml xsd xsl xslt yaml yml`,
);

const compressed = words(
  `7z aac apk avif br bz2 cab cr2 deb dmg docx epub flac flv gif gpg gz heic iso jar jpeg jpg jxl lz lz4 lzma lzo m4a m4v
  mkv mov mp3 mp4 mpeg mpg odp ods odt ogg opus parquet pgp png pptx rar rpm snappy tbz2 tgz txz vob war webm webp whl
  wma wmv xlsx xz z zip zst`,
);
