import type { FailureExplanation } from "@sallyport/client";

type Cause = Pick<FailureExplanation["causes"][number], "id" | "here" | "settings">;

interface Advice {
  readonly advice: readonly string[];
  readonly settings: readonly string[];
}

/** What a person can do about a failure in the page, and what whoever administers the server can. */
export function adviceOf({ id, here, settings }: Cause): Advice {
  const inPage = id in inThePage ? inThePage[id] : here?.text;
  return { advice: inPage === undefined ? [] : [inPage], settings: settings.map(settingText) };
}

/** In the place of advice that is for a terminal or a program; undefined where the page has nothing to offer. */
const inThePage: Readonly<Record<string, string | undefined>> = {
  "nothing-listens": "Name the port in the address where it is not 21 or 990, as in ftpes://HOST:2121.",
  "packets-dropped": "Where only a proxy leads out, name it in More options, if this gateway offers that.",
  "port-begins-in-clear": "Choose Explicit as the encryption.",
  "port-wants-tls-at-once": "Choose Implicit as the encryption.",
  "greeting-slow": "Give it more patience in More options.",
  "tls-not-offered": "Choose None as the encryption; everybody on the way can read everything then.",
  "tls-stripped": "Try from another network. Do not choose None as the encryption before you know why.",
  "certificate-unknown-issuer":
    "Give the authority's certificate in More options, or trust the key after you have compared it with the administrator's.",
  "certificate-expired": "Check the gateway's clock. Until the certificate is renewed, trust the key alone.",
  "certificate-name": "Connect by a name that the certificate has, or give that name in More options.",
  "key-changed": "Ask the administrator. Only if the change is confirmed, forget the old key.",
  "tls-suites": undefined,
  "client-certificate-wanted": "Give your certificate and its key in More options.",
  "tls-required": "Choose Automatic or Explicit as the encryption.",
  "password-wrong": "Type the password again, and see in the dialogue which name is sent.",
  "anonymous-off": "Give a user and a password.",
  "home-writable-in-jail": "The server's own log shows the sentence.",
  "too-many-connections": "Allow fewer connections in More options, and end logins of other windows.",
  "kerberos-ticket-missing": "Whoever runs the gateway gets one with kinit.",
  "kerberos-ticket-expired": "Whoever runs the gateway gets another one with kinit.",
  "kerberos-not-offered": "Leave Kerberos out in More options, and give a password.",
  "kerberos-not-authorised": "Give the user that the ticket is for.",
  "kerberos-data-unprotected": "Have files encrypted, as they are unless something else is chosen in More options.",
  "passive-address-foreign": undefined,
  "passive-ports-blocked": undefined,
  "passive-refused": undefined,
  "active-refused": undefined,
  "active-unreachable": undefined,
  "data-protection-required": "Have files encrypted in More options, which is the usual.",
  "data-protection-refused": "Have files in clear in More options; everybody on the way can read them then.",
  "idle-timeout": "Go on: the gateway connects again.",
  "control-forgotten": "Give it more patience in More options.",
  "server-busy": "Give it more patience in More options.",
  "directory-not-writable": "See in the details whose it is, or upload below a folder of your own.",
  "overwrite-denied": "Skip what is there, or keep both.",
  "name-forbidden": "Give it another name.",
  "restart-refused": "Send the whole file again: choose Replace.",
  "name-in-other-charset": "Give the encoding of names in More options.",
  "upload-incomplete": "Upload the file again, and go on where it ends; or delete what is there.",
  "not-there": "Reload the folder above to see what there is.",
  "local-disk": undefined,
};

/** Whoever administers the server knows how a command is asked what it takes. */
function settingText({ product, place, setting }: Cause["settings"][number]): string {
  const told = setting.replace(/^"(sallyport user set) NAME --([a-z]+) [A-Z]+"$/, '"$1": the $2 of the account');
  return `${product}: ${told} (${place})`;
}
