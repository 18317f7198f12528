export { Notifier, type NotifierOptions } from "./notifier.ts";
export { notifiedKinds, type NotifiedKind, type NotifySettings, uploadDigestFor } from "./notify-settings.ts";
export { type ListedEntry, listOutbox } from "./outbox-list.ts";
export { type ServiceObserver, together } from "./together.ts";
