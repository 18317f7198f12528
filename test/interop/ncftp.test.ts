import { ncftp } from "./clients/ncftp.ts";
import { quickMatrix } from "./peers/matrix.ts";

quickMatrix(ncftp);
