import { curl, slowUpload } from "./clients/curl.ts";
import { cutUploads } from "./peers/cut-uploads.ts";
import { quickMatrix } from "./peers/matrix.ts";

quickMatrix(curl);
cutUploads(curl, [
  { name: "killed", start: (task) => slowUpload(task), cut: (program) => program.kill() },
  { name: "given up after --max-time", start: (task) => slowUpload(task, ["--max-time", "1"]) },
]);
