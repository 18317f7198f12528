import type { TargetedSubmitEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ExplainEvent } from "@sallyport/inspector/model";
import { ExplainView, type Interference } from "../explain-view/explain-view.ts";
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
        <button type="submit" class="primary" disabled={state === "watching"}>
          {state === "watching" ? t.watching : t.watch}
        </button>
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
  const source = useRef<EventSource>(null);
  const [state, setState] = useState<"idle" | "watching" | "failed">("idle");
  useEffect(() => () => source.current?.close(), []);
  const watch = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [host, explicit, implicit] = ["host", "explicit", "implicit"].map((name) => textOf(form.get(name)));
    if (host === undefined || explicit === undefined || implicit === undefined) return;
    const shown = (view.current ??= new ExplainView());
    place.current?.replaceChildren(shown);
    const run = (between: Interference): void => {
      source.current?.close();
      shown.begin({ host, ports: { explicit: Number(explicit), implicit: Number(implicit) } });
      const query = new URLSearchParams({ host, explicitPort: explicit, implicitPort: implicit, between });
      const events = new EventSource(`/api/explain?${query.toString()}`);
      source.current = events;
      setState("watching");
      const end = (outcome: "idle" | "failed"): void => {
        events.close();
        shown.end();
        setState(outcome);
      };
      events.addEventListener("message", ({ data }) => shown.add(JSON.parse(String(data)) as ExplainEvent));
      events.addEventListener("over", () => end("idle"));
      events.addEventListener("error", () => end("failed"));
    };
    shown.onInterference = run;
    run(shown.interference);
  };
  return { place, state, watch };
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
