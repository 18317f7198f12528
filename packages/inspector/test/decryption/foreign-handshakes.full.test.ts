import { javaClient } from "./foreign-clients.ts";
import { testForeignHandshakes } from "./foreign-handshakes.ts";

testForeignHandshakes([javaClient]);
