import type { Product } from "../fixes/products.ts";
import type { DataFacts } from "../probes/data.ts";
import { isComplete } from "../probes/data.ts";
import type { LoginFacts } from "../probes/login.ts";
import { check, type Verdict } from "./check.ts";
import { listedFeatures } from "./f1-features.ts";
import { listingText } from "./listing.ts";

/** How a server ties data connections to their control connection by resumption. */
type Resumption = "demanded" | "adaptive" | "between-servers" | "offered" | "absent" | "broken";

export const resumption = check({
  id: "D4",
  name: "resumption",
  set: "login",
  title: "Data connections resume the TLS of their control connection",
  reference: "RFC 4217 §10.2, RFC 8446 §2.2, R-TLS-34",
  needs: ["login"],
  judge({ login }, product) {
    const { mode, control, fresh, resumed, freshAgain } = login;
    if (fresh === undefined || resumed === undefined) return { untested: "the server let nobody in to try" };
    const evidence = [
      `tickets on the control connection: ${control.tickets.length}`,
      `full handshake: ${listingText(fresh)}`,
      `with the control connection's ticket: ${listingText(resumed)}`,
      ...(freshAgain === undefined ? [] : [`full handshake after that: ${listingText(freshAgain)}`]),
    ];
    const verdict = verdicts[resumptionOf(login, { fresh, resumed }, product)];
    return { ...verdict, evidence, mode };
  },
});

const cap = { scale: "policy", letter: "B" } as const;

const verdicts: Readonly<Record<Resumption, Omit<Verdict, "evidence">>> = {
  demanded: { status: "ok", text: "Resumption is demanded: a data connection without it is refused" },
  adaptive: { status: "ok", text: "Resumption is demanded from clients that have shown that they can" },
  "between-servers": {
    status: "warn",
    text: "Data connections from this address need not resume: it may send files from server to server (--fxp)",
    cap: { scale: "policy", letter: "A-" },
    fix: "resumption-between-servers",
  },
  offered: {
    status: "fail",
    text: "Data connections need not resume: whoever connects first gets the files, or gives them",
    cap,
    fix: "resumption",
  },
  absent: {
    status: "fail",
    text: "Data connections cannot resume: nothing ties them to the login that they belong to",
    cap,
    fix: "resumption",
  },
  broken: {
    status: "fail",
    text: "Data over TLS does not work, neither with resumption nor without",
    cap: { scale: "policy", letter: "C" },
    fix: "resumption",
  },
};

function resumptionOf(
  { freshAgain, features }: LoginFacts,
  { fresh, resumed }: Readonly<Record<"fresh" | "resumed", DataFacts>>,
  product: Product | undefined,
): Resumption {
  const doesResume = resumed.secured?.resumed === true && isComplete(resumed);
  if (!isComplete(fresh)) return doesResume ? "demanded" : "broken";
  if (!doesResume) return "absent";
  if (freshAgain !== undefined && !isComplete(freshAgain)) return "adaptive";
  return product === "sallyport" && listedFeatures(features)?.includes("SSCN") === true ? "between-servers" : "offered";
}

export const resumptionKinds = check({
  id: "D4",
  name: "resumption-kinds",
  set: "login",
  title: "By what data connections resume",
  reference: "RFC 8446 §2.2, RFC 5077, RFC 5246 §7.3",
  needs: ["login", "olderResumption"],
  judge({ login: { mode, control, resumed, resumedAgain }, olderResumption: older }) {
    if (resumed === undefined) return { untested: "the server let nobody in to try" };
    const isOlder = older.protocol === "TLSv1.2";
    const tries: readonly { readonly name: string; readonly data: DataFacts | undefined }[] = [
      { name: `${control.protocol} by ${control.protocol === "TLSv1.3" ? "PSK" : "ticket"}`, data: resumed },
      ...(older.ticket === undefined ? [] : [{ name: "TLSv1.2 by ticket", data: older.ticket }]),
      ...(isOlder ? [{ name: "TLSv1.2 by session ID", data: older.id }] : []),
    ];
    const evidence = tries.map(({ name, data }) => `${name}: ${listingText(data)}`);
    evidence.push(`the same ticket twice: ${listingText(resumedAgain)}`);
    const working = tries.filter(({ data }) => data?.secured?.resumed === true).map(({ name }) => name);
    const isSingle = resumedAgain !== undefined && resumedAgain.secured?.resumed !== true;
    const text = working.length === 0 ? "By none" : `${working.join(", ")}${isSingle ? "; each ticket once" : ""}`;
    return { status: "info", text, evidence, mode };
  },
});

export const resumptionBinding = check({
  id: "D5",
  name: "resumption-binding",
  set: "login",
  title: "The ticket of another login opens no data connection",
  reference: "R-TLS-34, S-08",
  needs: ["login"],
  judge({ login: { mode, foreign, fresh, resumed, freshAgain } }) {
    if (foreign === undefined) return { untested: "a second login gave no ticket to try with" };
    const evidence = [`with a ticket of another login: ${listingText(foreign)}`];
    if (foreign.secured?.resumed === true && isComplete(foreign)) {
      const text = "Any ticket of this server opens the data connection of any login";
      return { status: "fail", text, evidence, mode, cap, fix: "resumption-binding" };
    }
    if (isComplete(foreign)) {
      return { status: "info", text: "The foreign ticket is not taken, but a full handshake instead", evidence, mode };
    }
    if (![fresh, resumed, freshAgain].some((own) => own !== undefined && isComplete(own))) {
      return { untested: "its own ticket opens none either" };
    }
    return { status: "ok", text: "A ticket of another login is refused", evidence, mode };
  },
});
