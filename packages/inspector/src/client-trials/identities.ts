/** A certificate chain and its key, both PEM. */
export interface TrialIdentity {
  readonly certificate: string;
  readonly key: string;
}

/**
 * Whom the server of a trial shows: `good` is from the trials' authority and for the server's names; the others differ from
 * it in the one thing that they are called by.
 */
export const identityNames = ["good", "wrong-name", "expired", "self-signed", "unknown-authority"] as const;

export type IdentityName = (typeof identityNames)[number];

/** Made for one run: the client is to trust the authority of `good`, and nothing else here. */
export interface TrialIdentities {
  readonly authority: string;
  readonly identities: Readonly<Record<IdentityName, TrialIdentity>>;
}
