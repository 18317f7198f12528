import { mc } from "./clients/mc.ts";
import { quickMatrix } from "./peers/matrix.ts";

quickMatrix(mc);
