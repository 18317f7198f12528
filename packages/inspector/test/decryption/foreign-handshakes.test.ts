import { quickClients } from "./foreign-clients.ts";
import { testForeignHandshakes } from "./foreign-handshakes.ts";

testForeignHandshakes(quickClients);
