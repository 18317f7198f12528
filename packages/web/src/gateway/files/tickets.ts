import { randomBytes } from "node:crypto";
import type { Login } from "../logins/login.ts";
import { bounds } from "../bounds.ts";
import { GatewayRefusal } from "../problem.ts";

/** What an address that nobody can guess is good for. */
export type Errand =
  | {
      readonly kind: "download";
      readonly path: string;
      readonly name: string;
      readonly isShown: boolean;
    }
  | {
      readonly kind: "archive";
      readonly directory: string;
      readonly names: readonly string[];
    }
  | {
      readonly kind: "upload";
      readonly path: string;
      readonly sizeBytes: number;
      readonly modifiedMs: number;
      /** It began as the file that was there, which comes back where the upload is given up. */
      readonly isAdopted: boolean;
    };

interface Ticket {
  readonly login: Login;
  readonly errand: Errand;
  readonly bytes: number;
  usedMs: number;
}

/**
 * Addresses of file contents: each is for one file of one login, unguessable, and ends soon after it was used last. It
 * opens nothing without the cookie of the browser that asked for it.
 */
export class Tickets {
  readonly #tickets = new Map<string, Ticket>();

  /** @throws {GatewayRefusal} SALLYPORT_TOO_MANY_TRANSFERS */
  issue(login: Login, errand: Errand): string {
    const bytes = sizeOf(errand);
    this.#forgetOld(login, bytes);
    const token = randomBytes(24).toString("base64url");
    this.#tickets.set(token, { login, errand, bytes, usedMs: Date.now() });
    return token;
  }

  /** What a token of that kind is for, if the login is one of these; it lasts longer then. */
  use<Kind extends Errand["kind"]>(
    token: string,
    kind: Kind,
    logins: ReadonlyMap<string, Login>,
  ): { readonly login: Login; readonly errand: Extract<Errand, { kind: Kind }> } {
    const ticket = this.#tickets.get(token);
    const isOurs = ticket !== undefined && logins.get(ticket.login.id) === ticket.login && !isOld(ticket);
    if (!isOurs || ticket.errand.kind !== kind) {
      throw new GatewayRefusal(
        404,
        "SALLYPORT_TICKET_OVER",
        "This address is not good any more: ask for the file again",
      );
    }
    ticket.usedMs = Date.now();
    return { login: ticket.login, errand: ticket.errand as Extract<Errand, { kind: Kind }> };
  }

  end(token: string): void {
    this.#tickets.delete(token);
  }

  #forgetOld(login: Login, moreBytes: number): void {
    let [count, bytes] = [0, moreBytes];
    for (const [token, ticket] of this.#tickets) {
      if (isOld(ticket)) this.#tickets.delete(token);
      else if (ticket.login === login) {
        count++;
        bytes += ticket.bytes;
      }
    }
    if (count < bounds.ticketsPerLogin && bytes <= bounds.ticketBytesPerLogin) return;
    throw new GatewayRefusal(
      429,
      "SALLYPORT_TOO_MANY_TRANSFERS",
      "Too many files were asked for at once: try again later",
    );
  }
}

/** About what an errand takes while it waits: two octets a character, and what strings cost. */
function sizeOf(errand: Errand): number {
  const { kind } = errand;
  if (kind !== "archive") return 2 * errand.path.length + 128;
  return errand.names.reduce((sum, name) => sum + 2 * name.length + 32, 2 * errand.directory.length + 128);
}

function isOld({ usedMs }: Ticket): boolean {
  return Date.now() - usedMs > bounds.ticketIdleMs;
}
