import type { TargetedSubmitEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ExplanationRequest } from "../../api/api.ts";
import { adviceInPage } from "../explain-view/advice-in-page.ts";
import { ExplainView, type Interference } from "../explain-view/explain-view.ts";
import { explanation } from "../gateway-client.ts";
import { Mark } from "../parts/icon.tsx";
import { ThemeButton } from "../parts/theme-button.tsx";
import { texts } from "../texts/language.ts";

if (customElements.get("sallyport-explain") === undefined) customElements.define("sallyport-explain", ExplainView);

/** Watches what crosses the wire in both modes of a server, as it happens. */
export function ExplainScreen() {
  const t = texts.value.explain;
  const { place, state, watch } = useWatching();
  const [named] = useState(() => new URLSearchParams(location.hash.split("?")[1] ?? ""));
  return (
    <main class="explain">
      <div class="sign-in-head">
        <a href="#" aria-label={t.back}>
          <Mark />
        </a>
        <h1>{t.title}</h1>
        <span class="spring" />
        <ThemeButton />
      </div>
      <p class="lead">{t.lead}</p>
      <form class="explain-form" onSubmit={watch}>
        <label class="field">
          <span>{texts.value.signIn.server}</span>
          <input
            name="host"
            required
            autocapitalize="none"
            spellcheck={false}
            placeholder="ftp.example.test"
            // Only filled in: a link shall not make the gateway connect anywhere.
            defaultValue={named.get("host") ?? ""}
          />
        </label>
        <PortField name="explicit" title={t.explicitPort} value={named.get("explicit") ?? "21"} />
        <PortField name="implicit" title={t.implicitPort} value={named.get("implicit") ?? "990"} />
        <label class="field">
          <span>{texts.value.signIn.user}</span>
          <input
            name="user"
            autocapitalize="none"
            autocomplete="off"
            spellcheck={false}
            aria-describedby="login-hint"
          />
        </label>
        <label class="field">
          <span>{texts.value.signIn.password}</span>
          <input name="password" type="password" autocomplete="off" />
        </label>
        <button type="submit" class="primary" disabled={state === "watching"}>
          {state === "watching" ? t.watching : t.watch}
        </button>
        <p id="login-hint">{t.loginHint}</p>
      </form>
      {state === "failed" && (
        <p class="note" role="alert">
          {t.failed}
        </p>
      )}
      <div ref={place} />
    </main>
  );
}

/** The view, and what starts it from the form; it goes when nobody looks any more. */
function useWatching() {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<ExplainView>(null);
  const watched = useRef<AbortController>(null);
  const [state, setState] = useState<"idle" | "watching" | "failed">("idle");
  useEffect(() => () => watched.current?.abort(), []);
  const watch = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [host = "", explicit, implicit, user = ""] = ["host", "explicit", "implicit", "user"].map((name) =>
      textOf(form.get(name)),
    );
    if (host === "") return;
    const ports = { explicit: Number(explicit), implicit: Number(implicit) };
    const password = form.get("password");
    const login = { user, password: typeof password === "string" ? password : "" };
    const shown = (view.current ??= new ExplainView());
    shown.adviceHere = adviceInPage;
    place.current?.replaceChildren(shown);
    const run = async (between: Interference): Promise<void> => {
      watched.current?.abort();
      const { signal } = (watched.current = new AbortController());
      shown.begin({ host, ports });
      setState("watching");
      const { explicit: explicitPort, implicit: implicitPort } = ports;
      const request = { host, explicitPort, implicitPort, between, ...login };
      const outcome = await tell(shown, request, signal);
      if (signal.aborted) return;
      shown.end();
      setState(outcome);
    };
    shown.onInterference = (between) => void run(between);
    void run(shown.interference);
  };
  return { place, state, watch };
}

/** Shows what happens until it is over, or breaks off. */
async function tell(shown: ExplainView, request: ExplanationRequest, signal: AbortSignal): Promise<"idle" | "failed"> {
  try {
    for await (const event of explanation(request, signal)) {
      // What came before the end of the one run belongs to no other.
      if (signal.aborted) break;
      shown.add(event);
    }
    return "idle";
  } catch {
    return "failed";
  }
}

function PortField({ name, title, value }: { readonly name: string; readonly title: string; readonly value: string }) {
  return (
    <label class="field">
      <span>{title}</span>
      <input name={name} type="number" min={1} max={65_535} required defaultValue={value} />
    </label>
  );
}

function textOf(value: FormDataEntryValue | null): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}
