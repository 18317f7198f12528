import { ftpSsl, gftp, inetutilsFtp, tnftp } from "./clients/typed.ts";
import { quickMatrix } from "./peers/matrix.ts";

for (const client of [ftpSsl, gftp, inetutilsFtp, tnftp]) quickMatrix(client);
