import type { TargetedSubmitEvent } from "preact";
import { useState } from "preact/hooks";
import type { Security } from "../../api/api.ts";
import { Icon, Mark } from "../parts/icon.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { ThemeButton } from "../parts/theme-button.tsx";
import { isSigningIn, overBecause, signIn, signInProblem } from "../state/login.ts";
import { recentServers, type RecentServer } from "../state/recent.ts";

const modes: readonly { readonly value: Security; readonly title: string; readonly text: string }[] = [
  { value: "auto", title: "Automatic", text: "The best TLS that the server has, never without." },
  {
    value: "explicit",
    title: "Explicit",
    text: "Begins in clear on port 21, then AUTH TLS shuts the door before the login.",
  },
  { value: "implicit", title: "Implicit", text: "TLS from the first octet, on port 990." },
  { value: "plain", title: "None", text: "Password and files can be read by anyone on the way." },
];

/** Names a server and how to speak to it. */
export function SignInScreen() {
  const [recent] = useState(recentServers);
  const [form, setForm] = useState<RecentServer>(recent[0] ?? { address: "", security: "auto", user: "" });
  const scheme = /^(ftps|ftpes):\/\//i.exec(form.address)?.[1]?.toLowerCase();
  const ofScheme = scheme === undefined ? undefined : scheme === "ftps" ? "implicit" : "explicit";
  const security = ofScheme ?? form.security;
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const password = new FormData(event.currentTarget).get("password");
    const { address, user } = form;
    const secret = typeof password === "string" ? password : "";
    void signIn({ address: address.trim(), security, user: user.trim(), password: secret });
  };
  return (
    <main class="sign-in">
      <div class="sign-in-head">
        <Mark />
        <h1>Sallyport</h1>
        <span class="spring" />
        <ThemeButton />
      </div>
      <p class="lead">
        Manage the files of any FTP or FTPS server. Your password never goes out in clear unless you say so.
      </p>
      {overBecause.value !== undefined && <p class="note">{overBecause.value}</p>}
      <form onSubmit={submit}>
        <ServerField form={form} setForm={setForm} recent={recent} />
        <ModeChoice form={form} setForm={setForm} security={security} isGiven={ofScheme !== undefined} />
        {security === "plain" && <PlainWarning />}
        <Credentials form={form} setForm={setForm} />
        {signInProblem.value && <ProblemNote problem={signInProblem.value} />}
        {suggestion(security) && (
          <p class="note">
            This port may speak the other mode:{" "}
            <button type="button" onClick={() => setForm({ ...form, security: suggestion(security) ?? "auto" })}>
              Use {suggestion(security)} TLS
            </button>
          </p>
        )}
        <div class="actions">
          <button type="submit" class="primary" disabled={isSigningIn.value}>
            {isSigningIn.value ? "Connecting…" : "Connect"}
          </button>
        </div>
        <p class="aside">
          What is the difference? <a href="#explain">Watch explicit and implicit TLS happen</a>
        </p>
      </form>
    </main>
  );
}

/** Where to, with those that were connected to before. */
function ServerField({
  form,
  setForm,
  recent,
}: {
  readonly form: RecentServer;
  readonly setForm: (form: RecentServer) => void;
  readonly recent: readonly RecentServer[];
}) {
  return (
    <>
      <label class="field">
        <span>Server</span>
        <input
          name="address"
          value={form.address}
          onInput={({ currentTarget }) => setForm({ ...form, address: currentTarget.value })}
          placeholder="ftp.example.com, or ftps://host:990"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          list="recent"
          required
          autofocus
        />
        <datalist id="recent">
          {recent.map(({ address }) => (
            <option key={address} value={address} />
          ))}
        </datalist>
      </label>
    </>
  );
}

/** How the connection is protected; an address that says so itself decides. */
function ModeChoice({
  form,
  setForm,
  security,
  isGiven,
}: {
  readonly form: RecentServer;
  readonly setForm: (form: RecentServer) => void;
  readonly security: Security;
  readonly isGiven: boolean;
}) {
  return (
    <>
      <fieldset class="modes" disabled={isGiven}>
        <legend>Encryption</legend>
        {modes.map(({ value, title, text }) => (
          <label key={value} class={`mode mode-${value === "plain" ? "clear" : "encrypted"}`}>
            <input
              type="radio"
              name="security"
              value={value}
              checked={security === value}
              onChange={() => setForm({ ...form, security: value })}
            />
            <Icon name={value === "plain" ? "open" : "closed"} />
            <span>
              <strong>{title}</strong>
              <small>{text}</small>
            </span>
          </label>
        ))}
      </fieldset>
    </>
  );
}

/** Whoever sends a password in clear has to mean it. */
function PlainWarning() {
  return (
    <label class="tick warning">
      <input type="checkbox" required />
      Send my password and files where anyone on the way can read them
    </label>
  );
}

/** Who signs in. */
function Credentials({
  form,
  setForm,
}: {
  readonly form: RecentServer;
  readonly setForm: (form: RecentServer) => void;
}) {
  return (
    <>
      <div class="pair">
        <label class="field">
          <span>User</span>
          <input
            name="user"
            value={form.user}
            onInput={({ currentTarget }) => setForm({ ...form, user: currentTarget.value })}
            placeholder="anonymous"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
          />
        </label>
        <label class="field">
          <span>Password</span>
          <input name="password" type="password" autocomplete="current-password" />
        </label>
      </div>
    </>
  );
}

/** The other mode, where the failure looks like the wrong one. */
function suggestion(security: Security): Security | undefined {
  const code = signInProblem.value?.code;
  if (security === "implicit" && code === "SALLYPORT_NOT_TLS") return "explicit";
  const isSilent =
    code === "SALLYPORT_IMPLICIT_PORT" || code === "SALLYPORT_REPLY_TIMEOUT" || code === "SALLYPORT_CONNECTION_LOST";
  return security === "explicit" && isSilent ? "implicit" : undefined;
}
