// Makes what runs in browsers for the packages that are published, beside what tsc made of the rest.
import { join } from "node:path";
import { buildPage, buildView } from "../packages/web/src/page-directory/from-source.ts";

const destination = process.argv[2] ?? join(import.meta.dirname, "../packages/web/dist");

await buildPage(join(destination, "page"));
await buildView(join(destination, "explain-view"));
