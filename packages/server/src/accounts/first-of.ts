import type { Account } from "./account.ts";
import type { Authenticator, LoginFacts, LoginReview, LoginVerdict, PastLogin } from "./authenticator.ts";

/**
 * Asks several authenticators one after the other; the first that accepts decides. Where none accepts, a backend that
 * is down or throttles is not hidden behind another's refusal: the login may succeed later (R-1123-04).
 */
export function firstOf(authenticators: readonly Authenticator[]): Authenticator {
  return {
    isAnonymous: (user) => authenticators.some((authenticator) => authenticator.isAnonymous?.(user) === true),

    async identify(user: string, facts: LoginFacts): Promise<Account | undefined> {
      for (const authenticator of authenticators) {
        const account = await authenticator.identify?.(user, facts);
        if (account !== undefined) return account;
      }
      return undefined;
    },

    async authenticate(user: string, password: string, facts: LoginFacts): Promise<LoginVerdict> {
      let answer: LoginVerdict = { kind: "refused" };
      for (const authenticator of authenticators) {
        const verdict = await authenticator.authenticate(user, password, facts);
        if (verdict.kind === "accepted") return verdict;
        if (answer.kind === "refused" && !isPlainRefusal(verdict)) answer = verdict;
      }
      return answer;
    },

    async review(login: PastLogin): Promise<LoginReview | undefined> {
      for (const authenticator of authenticators) {
        const review = await authenticator.review?.(login);
        if (review !== undefined) return review;
      }
      return undefined;
    },
  };
}

function isPlainRefusal(verdict: LoginVerdict): boolean {
  return verdict.kind === "refused" && verdict.reason === undefined;
}
