/** What receivers can ask to be told of. */
export const notifiedKinds = [
  "published",
  "upload-failed",
  "downloaded",
  "download-failed",
  "deleted",
  "renamed",
  "copied",
  "linked",
  "attributes-set",
  "directory-made",
  "directory-removed",
  "login",
  "login-failed",
] as const;

export type NotifiedKind = (typeof notifiedKinds)[number];

/** Who is told of what; plain data, so that it can be handed to another process. */
export interface NotifySettings {
  /** Absolute paths of programs, and URLs of webhooks. */
  readonly targets: readonly string[];
  readonly events: readonly NotifiedKind[];
  /** File with the secret that webhooks are signed with. */
  readonly secretFile?: string;
  /** Authorities in PEM that webhooks' certificates are verified against, in place of the usual ones. */
  readonly authoritiesFile?: string;
  /** Whether webhooks may go over http to other machines. */
  readonly plainHttp?: boolean;
}

/** What the server has to compute for these receivers. */
export function uploadDigestFor(settings: NotifySettings | undefined): "SHA-256" | undefined {
  return settings?.events.includes("published") === true ? "SHA-256" : undefined;
}
