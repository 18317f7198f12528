import { dataPathHooks } from "@sallyport/transport";

// The tests of control connections once more, now that the hook for a shared read buffer is proved and so in use.
await dataPathHooks();
await import("./control-connection.test.ts");
