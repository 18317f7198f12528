import { realServers } from "../real-servers.ts";
import { testAnyOctets } from "./any-octets.ts";

for (const server of realServers) if (server.name !== "Sallyport") testAnyOctets(server);
