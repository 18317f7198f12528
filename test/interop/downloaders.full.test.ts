import { aria2, wget } from "./clients/downloaders.ts";
import { quickMatrix } from "./peers/matrix.ts";

for (const client of [aria2, wget]) quickMatrix(client);
