import type { LoginEvent, LoginRequest } from "../../api/api.ts";
import { bounds } from "../bounds.ts";
import { GatewayRefusal } from "../problem.ts";
import { Shares } from "../shares.ts";
import { Login, type LoginAsker, type LoginGround } from "./login.ts";
import { newVisitorKey, readVisitorKey, type VisitorKey } from "./seal.ts";

type OverBecause = Extract<LoginEvent, { kind: "over" }>["because"];

/** A browser, with its logins. */
export interface Visitor extends VisitorKey {
  readonly logins: Map<string, Login>;
}

/** The logins of the whole gateway. */
export function sharesOfLogins(): Shares {
  return new Shares({ perHost: bounds.loginsPerHost, count: bounds.loginsCount, refusal: tooMany });
}

/** All browsers that are signed in, in the memory of this process alone. */
export class Visitors implements AsyncDisposable {
  readonly #ground: LoginGround;
  readonly #loginsById = new Map<string, Map<string, Login>>();
  readonly #sweep = setInterval(() => void this.#forgetOld(), sweepMs).unref();

  constructor(ground: LoginGround) {
    this.#ground = ground;
  }

  /** The browser that a cookie belongs to; undefined where it has no login any more. */
  find(cookie: string | undefined): Visitor | undefined {
    const key = readVisitorKey(cookie);
    const logins = key && this.#loginsById.get(key.id);
    return key && logins && { ...key, logins };
  }

  /**
   * Logs in. The browser gets a new cookie each time, with which its other logins go on: one that somebody planted in it
   * is worth nothing from then on. Once the browser has left, nothing is connected to for it.
   */
  async signIn(
    cookie: string | undefined,
    request: LoginRequest,
    asker: LoginAsker,
  ): Promise<{ readonly login: Login; readonly cookie: string }> {
    const found = this.find(cookie);
    if (found !== undefined && found.logins.size >= bounds.loginsPerVisitor) throw tooMany();
    const fresh = newVisitorKey();
    const login = await Login.open(request, fresh.key, this.#ground, asker);
    const logins = new Map([[login.id, login]]);
    const before = this.find(cookie);
    if (before !== undefined) {
      this.#loginsById.delete(before.id);
      for (const [id, each] of before.logins) if (each.rekey(before.key, fresh.key)) logins.set(id, each);
    }
    this.#loginsById.set(fresh.id, logins);
    return { login, cookie: fresh.cookie };
  }

  /** Forgets a login and closes its connections. */
  async signOut(visitor: VisitorKey, login: Login, because: "signed-out" | "idle" | "expired"): Promise<void> {
    await this.#forget(visitor.id, login, because);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweep);
    const all = [...this.#loginsById].flatMap(([id, logins]) =>
      [...logins.values()].map((login) => [id, login] as const),
    );
    await Promise.all(all.map(([id, login]) => this.#forget(id, login, "closing")));
  }

  async #forgetOld(): Promise<void> {
    const nowMs = Date.now();
    for (const [id, logins] of this.#loginsById) {
      for (const login of logins.values()) {
        if (nowMs - login.createdMs > bounds.loginAgeMs) await this.#forget(id, login, "expired");
        else if (nowMs - login.usedMs > bounds.loginIdleMs) await this.#forget(id, login, "idle");
      }
    }
  }

  async #forget(visitorId: string, login: Login, because: OverBecause): Promise<void> {
    const logins = this.#loginsById.get(visitorId);
    logins?.delete(login.id);
    if (logins?.size === 0) this.#loginsById.delete(visitorId);
    login.events.tell({ kind: "over", because });
    await login[Symbol.asyncDispose]();
  }
}

const sweepMs = 30_000;

function tooMany(): GatewayRefusal {
  return new GatewayRefusal(503, "SALLYPORT_TOO_MANY_LOGINS", "There are too many logins: sign out of one first");
}
