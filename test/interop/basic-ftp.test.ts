import { basicFtp } from "./clients/basic-ftp.ts";
import { quickMatrix } from "./peers/matrix.ts";

quickMatrix(basicFtp);
