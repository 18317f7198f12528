import { lftp } from "./clients/lftp.ts";
import { quickMatrix } from "./peers/matrix.ts";

quickMatrix(lftp);
