import type { WireObserver } from "@sallyport/transport";

/** Tells two observers of the same connection. */
export function bothOf(one: WireObserver, other: WireObserver): WireObserver {
  const both = (tell: (observer: WireObserver) => void): void => [one, other].forEach(tell);
  return {
    received: (octets) => both((observer) => observer.received(octets)),
    sent: (octets) => both((observer) => observer.sent(octets)),
    peerFinished: () => both((observer) => observer.peerFinished()),
    finished: () => both((observer) => observer.finished()),
    failed: (error) => both((observer) => observer.failed(error)),
  };
}
