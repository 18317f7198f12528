import { ftplib, perl, php, ruby } from "./clients/scripted.ts";
import { quickMatrix } from "./peers/matrix.ts";

for (const client of [ftplib, perl, php, ruby]) quickMatrix(client);
