// Tells whoever started it where @sallyport/protocol is found.
import { parentPort } from "node:worker_threads";

const resolved = import.meta.resolve("@sallyport/protocol");
if (parentPort !== null) parentPort.postMessage(resolved);
else if (process.send) process.send(resolved);
else process.stdout.write(`${resolved}\n`);
