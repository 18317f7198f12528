import { curl } from "./clients/curl.ts";
import { quickMatrix } from "./peers/matrix.ts";

quickMatrix(curl);
