import { rclone } from "./clients/rclone.ts";
import { quickMatrix } from "./peers/matrix.ts";

quickMatrix(rclone);
