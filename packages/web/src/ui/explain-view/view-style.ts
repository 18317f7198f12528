/** Who can read this: clear is amber, encrypted is teal, as everywhere in Sallyport. */
export const viewStyle = `
:host {
  color-scheme: light dark;
  --ground: light-dark(#ffffff, #12171a);
  --text: light-dark(#172126, #e6edf0);
  --muted: light-dark(#54646c, #9fb0b8);
  --rule: light-dark(#d9dfe1, #313d44);
  --clear: light-dark(#8a4b00, #fbbf24);
  --clear-soft: light-dark(#fff0d1, #3c2c0a);
  --sealed: light-dark(#0f766e, #2dd4bf);
  --sealed-soft: light-dark(#d9f3ef, #123c39);
  --bad: light-dark(#b42318, #ff9b8f);
  display: block;
  background: var(--ground);
  color: var(--text);
  font: 14px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  padding: 1rem;
}
.controls { display: flex; gap: 1rem; align-items: center; flex-wrap: wrap; }
.controls input[type="range"] { flex: 1 1 12rem; accent-color: var(--sealed); }
button { font: inherit; color: inherit; }
.controls button { padding: 0.25rem 0.75rem; border: 1px solid var(--rule); border-radius: 6px; background: none; }
.legend { color: var(--muted); }
.lanes { overflow-x: auto; }
.moments { min-width: 46rem; }
.moment { display: grid; grid-template-columns: 5.5rem 1fr 1fr; gap: 0 1rem; }
.moment[hidden] { display: none; }
.heading { border-bottom: 1px solid var(--rule); padding-bottom: 0.25rem; }
.heading b { text-transform: uppercase; }
.time { color: var(--muted); text-align: right; }
.line { display: flex; gap: 0.5rem; width: 100%; box-sizing: border-box; padding: 0 0.5rem; border: 0; border-left: 3px solid transparent;
  background: none; text-align: left; overflow-wrap: anywhere; }
.text { flex: 1; }
.rail-clear { border-left: 3px dotted var(--clear); }
.rail-tls { border-left: 3px solid var(--sealed); }
button.line { cursor: pointer; }
button.line:hover, button.line[aria-pressed] { background: color-mix(in srgb, var(--muted) 15%, transparent); }
button.line:focus-visible, .field:focus-visible { outline: 2px solid var(--sealed); outline-offset: -2px; }
.detail { color: var(--text); }
.line.detail { padding-left: 2rem; color: var(--muted); }
.line.problem { color: var(--bad); }
.rule { background: var(--sealed-soft); color: var(--sealed); font-weight: 600; margin: 0.25rem 0; }
.seal, .legend span { border-radius: 4px; padding: 0 0.4rem; }
.seal-clear .seal, .seal-readable .seal, .legend .seal-clear, .legend .seal-readable { background: var(--clear-soft); color: var(--clear); }
.seal-encrypted .seal, .legend .seal-encrypted { background: var(--sealed-soft); color: var(--sealed); }
:host([outsider]) .seal-encrypted.detail .text { background: currentcolor; color: var(--text); border-radius: 2px; user-select: none; }
:host([outsider]) .pane .tree { visibility: hidden; }
section.detail { border-top: 1px solid var(--rule); margin-top: 1rem; }
.pane { position: sticky; bottom: 0; background: var(--ground); }
.lock { display: inline-block; width: 0.6rem; height: 0.6rem; align-self: center; background: currentcolor; border-radius: 1px; }
.columns { display: grid; grid-template-columns: auto 1fr; gap: 2rem; }
.columns > * { max-height: 38vh; overflow: auto; }
.octets .line { display: block; white-space: nowrap; padding: 0; }
.octets b { color: var(--muted); font-weight: 400; margin-right: 1rem; }
.octet { padding: 0 0.2rem; border-radius: 3px; }
.tree { list-style: none; margin: 0; padding-left: 1rem; }
.field { border-radius: 3px; padding: 0 0.25rem; overflow-wrap: anywhere; }
.field i, .field small { color: var(--muted); margin-left: 0.75rem; }
.lit { background: var(--sealed-soft); }
.summary table { border-collapse: collapse; margin-top: 1rem; }
.summary th, .summary td { text-align: left; padding: 0.2rem 1.5rem 0.2rem 0; vertical-align: top; border-bottom: 1px solid var(--rule); }
.advice { font-weight: 600; }
`;
