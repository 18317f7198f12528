import type { HashAlgorithmName } from "@sallyport/protocol";

/** Names that node:crypto gives the digests; CRC32 comes from node:zlib. */
export const cryptoNames: Readonly<Record<Exclude<HashAlgorithmName, "CRC32">, string>> = {
  "SHA-256": "sha256",
  "SHA-512": "sha512",
  "SHA-1": "sha1",
  MD5: "md5",
};
