import { lftp, slowUpload } from "./clients/lftp.ts";
import { cutUploads } from "./peers/cut-uploads.ts";
import { quickMatrix } from "./peers/matrix.ts";

quickMatrix(lftp);
cutUploads(lftp, [{ name: "killed", start: slowUpload, cut: (program) => program.kill() }]);
