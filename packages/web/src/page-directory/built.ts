import { fileURLToPath } from "node:url";

/** Where the page lies that was built for this package. */
export function pageDirectory(): Promise<string> {
  return Promise.resolve(fileURLToPath(new URL("../page/", import.meta.url)));
}
