export * from "./certificates/index.ts";
export * from "./demo.ts";
export { everyAddress, loopbackAddresses, tryPorts } from "./listening.ts";
export { EventLog, type EventLogOptions } from "./log/event-log.ts";
export type { ServiceEvent } from "./log/service-event.ts";
export { Service } from "./service.ts";
export type { ServiceSettings } from "./settings.ts";
export { serveUntilSignal } from "./signals.ts";
export * from "./state-directory.ts";
