import { stockClients } from "./clients/index.ts";
import { fullMatrix } from "./peers/matrix.ts";

for (const client of stockClients) fullMatrix(client);
