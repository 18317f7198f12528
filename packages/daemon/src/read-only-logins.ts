import type { Account, Authenticator } from "@sallyport/server/accounts";

/** An authenticator whose accounts may list and download, whatever else they have been given. */
export function readOnlyLogins(logins: Authenticator): Authenticator {
  const limited = (account: Account): Account => ({ ...account, readOnly: true });
  return {
    isAnonymous: (user) => logins.isAnonymous?.(user) === true,

    async identify(user, facts) {
      const account = await logins.identify?.(user, facts);
      return account && limited(account);
    },

    async authenticate(user, password, facts) {
      const verdict = await logins.authenticate(user, password, facts);
      return verdict.kind === "accepted" ? { ...verdict, account: limited(verdict.account) } : verdict;
    },

    async review(login) {
      const review = await logins.review?.(login);
      return review?.kind === "stays" ? { ...review, account: limited(review.account) } : review;
    },
  };
}
