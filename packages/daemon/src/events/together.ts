import type { ServerObserver } from "@sallyport/server";
import type { ServiceEvent } from "../log/service-event.ts";

/** Hears what a service does, and may ask for more as an observer of its server does. */
export type ServiceObserver = Omit<ServerObserver, "onEvent"> & { onEvent(event: ServiceEvent): void };

/** Tells several observers of everything; one that fails does not keep the others from hearing it. */
export function together(...observers: readonly ServiceObserver[]): ServiceObserver {
  const uploadDigest = observers.find((observer) => observer.uploadDigest !== undefined)?.uploadDigest;
  return {
    transcript: observers.some(({ transcript }) => transcript === true),
    ...(uploadDigest && { uploadDigest }),
    onEvent: (event) => {
      for (const observer of observers) {
        try {
          observer.onEvent(event);
        } catch {
          // By contract it is ignored.
        }
      }
    },
  };
}
