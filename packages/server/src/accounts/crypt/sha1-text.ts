import { hash } from "node:crypto";

/** What htpasswd makes of a password: `{SHA}` and its SHA-1 in base64. It costs a microsecond, and so needs no thread. */
export function sha1Text(password: string): string {
  return `{SHA}${hash("sha1", password, "base64")}`;
}
