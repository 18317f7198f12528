import { useEffect, useRef, useState } from "preact/hooks";
import { visible } from "../quantities.ts";
import { transcript } from "../state/login.ts";

/** The dialogue with the server as it happens; passwords were masked before they came here. */
export function TranscriptPane() {
  const [wanted, setWanted] = useState("");
  const end = useRef<HTMLDivElement>(null);
  const lines = transcript.value.filter(({ text }) => text.toLowerCase().includes(wanted.toLowerCase()));
  useEffect(() => end.current?.scrollTo({ top: end.current.scrollHeight }), [lines.length]);
  const copy = (): void => {
    const text = lines.map((line) => `${line.direction === "command" ? ">" : "<"} ${line.text}`).join("\n");
    void navigator.clipboard.writeText(text);
  };
  return (
    <section class="transcript" aria-label="Dialogue with the server">
      <header>
        <h2>Dialogue</h2>
        <input
          type="search"
          placeholder="Filter"
          aria-label="Filter the dialogue"
          value={wanted}
          onInput={({ currentTarget }) => setWanted(currentTarget.value)}
        />
        <button type="button" class="quiet" onClick={copy}>
          Copy
        </button>
      </header>
      <div class="transcript-lines" ref={end} role="log" tabIndex={0} aria-label="Lines of the dialogue">
        {lines.map(({ atMs, direction, text }, at) => (
          <div key={`${atMs}-${at}`} class={`line line-${direction}`}>
            <span aria-hidden="true">{direction === "command" ? "→" : "←"}</span> {visible(text)}
          </div>
        ))}
      </div>
    </section>
  );
}
