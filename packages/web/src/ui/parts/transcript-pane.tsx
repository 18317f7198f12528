import { useEffect, useRef, useState } from "preact/hooks";
import { visible } from "../quantities.ts";
import { transcript } from "../state/login.ts";
import { texts } from "../texts/language.ts";

/** The dialogue with the server as it happens; passwords were masked before they came here. */
export function TranscriptPane() {
  const t = texts.value.transcript;
  const [wanted, setWanted] = useState("");
  const end = useRef<HTMLDivElement>(null);
  const lines = transcript.value.filter(({ text }) => text.toLowerCase().includes(wanted.toLowerCase()));
  useEffect(() => end.current?.scrollTo({ top: end.current.scrollHeight }), [lines.length]);
  const copy = (): void => {
    const text = lines.map((line) => `${line.direction === "command" ? ">" : "<"} ${line.text}`).join("\n");
    void navigator.clipboard.writeText(text);
  };
  return (
    <section class="transcript" aria-label={t.about}>
      <header>
        <h2>{t.title}</h2>
        <input
          type="search"
          placeholder={t.filter}
          aria-label={t.filterAbout}
          value={wanted}
          onInput={({ currentTarget }) => setWanted(currentTarget.value)}
        />
        <button type="button" class="quiet" onClick={copy}>
          {t.copy}
        </button>
      </header>
      <div class="transcript-lines" ref={end} role="log" tabIndex={0} aria-label={t.lines}>
        {lines.map(({ atMs, direction, text }, at) => (
          <div key={`${atMs}-${at}`} class={`line line-${direction}`}>
            <span aria-hidden="true">{direction === "command" ? "→" : "←"}</span> {visible(text)}
          </div>
        ))}
      </div>
    </section>
  );
}
