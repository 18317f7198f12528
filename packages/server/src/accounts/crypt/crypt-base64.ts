const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/**
 * Writes a digest as crypt(3) does: in groups of up to three octets, named by their positions from the most to the
 * least significant, six bits a letter, lowest bits first.
 */
export function cryptBase64(digest: Uint8Array, groups: readonly (readonly number[])[]): string {
  let text = "";
  for (const group of groups) {
    let bits = 0;
    for (const position of group) bits = (bits << 8) | (digest[position] ?? 0);
    const letters = Math.ceil((group.length * 8) / 6);
    for (let letter = 0; letter < letters; letter++) {
      text += alphabet.charAt(bits & 0x3f);
      bits >>>= 6;
    }
  }
  return text;
}
