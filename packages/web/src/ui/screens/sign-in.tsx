import type { TargetedSubmitEvent } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { LoginJson, Security } from "../../api/api.ts";
import { Icon, Mark } from "../parts/icon.tsx";
import { later } from "../parts/later.tsx";
import { LanguageChoice } from "../parts/language-choice.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { ThemeButton } from "../parts/theme-button.tsx";
import { cancelSignIn, isSigningIn, overBecause, signIn, signInProblem } from "../state/login.ts";
import { SavedServers } from "../parts/saved-servers.tsx";
import { forgetServer, recentServers, type RecentServer } from "../state/recent.ts";
import { texts } from "../texts/language.ts";

const MoreOptions = later(async () => (await import("../parts/more-options.tsx")).MoreOptions);

const modes = ["auto", "explicit", "implicit", "plain"] as const satisfies readonly Security[];

/** Names a server and how to speak to it. */
export function SignInScreen() {
  const t = texts.value.signIn;
  return (
    <main class="sign-in">
      <div class="sign-in-head">
        <Mark />
        <h1>Sallyport</h1>
        <span class="spring" />
        <LanguageChoice />
        <ThemeButton />
      </div>
      <p class="lead">{t.lead}</p>
      {overBecause.value !== undefined && <p class="note">{texts.value.over[overBecause.value]}</p>}
      <SignInForm />
      <p class="aside">
        {t.difference} <a href="#explain">{t.watch}</a>
      </p>
    </main>
  );
}

interface SignInFormProperties {
  /** What becomes of the login; by default the page shows it. */
  readonly onEntered?: (made: LoginJson) => void;
  /** What it is filled with; by default the latest server. */
  readonly initial?: RecentServer;
  readonly onCancel?: () => void;
}

export function SignInForm({ onEntered, initial, onCancel }: SignInFormProperties) {
  const t = texts.value.signIn;
  const [recent, setRecent] = useState(recentServers);
  const [form, setForm] = useState<RecentServer>(() => initial ?? linkedServer() ?? recent[0] ?? emptyForm);
  const [showsOptions, setShowsOptions] = useState(form.wishes !== undefined);
  const scheme = /^(ftps|ftpes):\/\//i.exec(form.address)?.[1]?.toLowerCase();
  const ofScheme = scheme === undefined ? undefined : scheme === "ftps" ? "implicit" : "explicit";
  const security = ofScheme ?? form.security;
  const cancel = isSigningIn.value ? cancelSignIn : onCancel;
  useEffect(() => cancelSignIn, []);
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const password = new FormData(event.currentTarget).get("password");
    const { address, user, wishes } = form;
    const secret = typeof password === "string" ? password : "";
    const wanted = wishes !== undefined && { wishes };
    void signIn({ address: address.trim(), security, user: user.trim(), password: secret, ...wanted }, onEntered);
  };
  return (
    <form onSubmit={submit}>
      <ServerField form={form} setForm={setForm} recent={recent} hasFocus={initial === undefined} />
      <ModeChoice form={form} setForm={setForm} security={security} isGiven={ofScheme !== undefined} />
      {security === "plain" && <PlainWarning />}
      <Credentials form={form} setForm={setForm} hasFocus={initial !== undefined} />
      <details class="more" open={showsOptions} onToggle={({ currentTarget }) => setShowsOptions(currentTarget.open)}>
        <summary>{t.more}</summary>
        {showsOptions && (
          <MoreOptions wishes={form.wishes ?? {}} setWishes={(wishes) => setForm({ ...form, wishes })} />
        )}
      </details>
      {signInProblem.value && <ProblemNote problem={signInProblem.value} />}
      {suggestion(security) && (
        <p class="note">
          {t.otherMode}{" "}
          <button type="button" onClick={() => setForm(inOtherMode(form, suggestion(security) ?? "auto"))}>
            {suggestion(security) === "explicit" ? t.useExplicit : t.useImplicit}
          </button>
        </p>
      )}
      <div class="actions">
        {cancel && (
          <button type="button" onClick={cancel}>
            {texts.value.common.cancel}
          </button>
        )}
        <button type="submit" class="primary" disabled={isSigningIn.value}>
          {isSigningIn.value ? t.connecting : t.connect}
        </button>
      </div>
      <SavedServers
        servers={initial === undefined ? recent : []}
        onChoose={(server) => {
          setForm({ wishes: undefined, ...server });
          setShowsOptions(server.wishes !== undefined);
        }}
        onForget={(server) => setRecent(forgetServer(server))}
      />
    </form>
  );
}

/** What the address says of the mode would outweigh the choice. */
function inOtherMode(form: RecentServer, security: Security): RecentServer {
  return { ...form, security, address: form.address.replace(/^ftp(?:s|es):\/\//i, "") };
}

const emptyForm: RecentServer = { address: "", security: "auto", user: "" };

/** A link may name a server and who signs in; it sends nothing by itself, and a password in it is dropped. */
function linkedServer(): RecentServer | undefined {
  const [, scheme, user = "", place] =
    /^#(ftp(?:s|es)?):\/\/(?:([^@/:]*)(?::[^@/]*)?@)?([^@]+)$/i.exec(location.hash) ?? [];
  if (scheme === undefined || place === undefined) return undefined;
  return { address: `${scheme}://${decoded(place)}`, security: "auto", user: decoded(user) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Where to, with those that were connected to before. */
function ServerField({
  form,
  setForm,
  recent,
  hasFocus,
}: {
  readonly hasFocus: boolean;
  readonly form: RecentServer;
  readonly setForm: (form: RecentServer) => void;
  readonly recent: readonly RecentServer[];
}) {
  return (
    <>
      <label class="field">
        <span>{texts.value.signIn.server}</span>
        <input
          name="address"
          value={form.address}
          onInput={({ currentTarget }) => setForm({ ...form, address: currentTarget.value })}
          placeholder={texts.value.signIn.serverExample}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          list="recent"
          required
          autofocus={hasFocus}
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
        <legend>{texts.value.signIn.encryption}</legend>
        {modes.map((value) => (
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
              <strong>{texts.value.signIn[value]}</strong>
              <small>{texts.value.signIn[`${value}Text`]}</small>
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
      {texts.value.signIn.plainMeant}
    </label>
  );
}

/** Who signs in. */
function Credentials({
  form,
  setForm,
  hasFocus,
}: {
  readonly hasFocus: boolean;
  readonly form: RecentServer;
  readonly setForm: (form: RecentServer) => void;
}) {
  return (
    <>
      <div class="pair">
        <label class="field">
          <span>{texts.value.signIn.user}</span>
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
          <span>{texts.value.signIn.password}</span>
          <input name="password" type="password" autocomplete="current-password" autofocus={hasFocus} />
        </label>
      </div>
    </>
  );
}

/** The other mode, where the failure looks like the wrong one. */
function suggestion(security: Security): Security | undefined {
  const code = signInProblem.value?.code;
  if (security === "implicit" && code === "SALLYPORT_NOT_TLS") return "explicit";
  if (security === "auto") return undefined;
  const isSilent =
    code === "SALLYPORT_IMPLICIT_PORT" || code === "SALLYPORT_REPLY_TIMEOUT" || code === "SALLYPORT_CONNECTION_LOST";
  return security === "explicit" && isSilent ? "implicit" : undefined;
}
