/** What the prober was waiting for when nothing more came. */
export type Awaited =
  | "connection"
  | "greeting"
  | "auth-reply"
  | "handshake"
  | "greeting-in-tls"
  | "login-reply"
  | "data-reply";

/** Why a mode could not be shown to its end, without words; the words are in wording.ts. */
export type Problem =
  | { readonly id: "name-unknown" }
  | { readonly id: "refused" }
  | { readonly id: "unreachable"; readonly code: string }
  | { readonly id: "silent"; readonly awaited: Awaited; readonly timeoutMs: number }
  | { readonly id: "closed"; readonly awaited: Exclude<Awaited, "connection"> }
  | { readonly id: "too-much"; readonly octets: number }
  | { readonly id: "greeting-refused"; readonly code: number; readonly line: string; readonly inTls: boolean }
  | { readonly id: "not-ftp"; readonly line: string }
  | { readonly id: "auth-refused"; readonly code: number; readonly line: string }
  | { readonly id: "clear-after-auth"; readonly line: string }
  | { readonly id: "password-kept" }
  | { readonly id: "login-refused"; readonly line: string }
  | { readonly id: "listing-refused"; readonly line: string }
  | { readonly id: "clear-on-implicit"; readonly line: string }
  | { readonly id: "handshake-refused"; readonly line: string }
  | { readonly id: "handshake-alert"; readonly alert: string }
  | { readonly id: "handshake-failed"; readonly reason: string };

export type ProblemId = Problem["id"];
