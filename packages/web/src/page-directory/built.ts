import { fileURLToPath } from "node:url";

/** Where the page lies that was built for this package. */
export function pageDirectory(): Promise<string> {
  return Promise.resolve(fileURLToPath(new URL("../page/", import.meta.url)));
}

/** Where the script lies that shows explanations. */
export function viewDirectory(): Promise<string> {
  return Promise.resolve(fileURLToPath(new URL("../explain-view/", import.meta.url)));
}
