/** Who can read this: clear is amber, encrypted is teal, as everywhere in Sallyport. */
export const viewStyle = `
:host {
  --ground: light-dark(#ffffff, #12171a);
  --raised: light-dark(#f5f7f8, #1a2226);
  --text: light-dark(#172126, #e6edf0);
  --muted: light-dark(#54646c, #9fb0b8);
  --rule: light-dark(#d9dfe1, #313d44);
  --clear: light-dark(#8a4b00, #fbbf24);
  --clear-fill: light-dark(#f0a830, #b57c12);
  --clear-soft: light-dark(#fff0d1, #3c2c0a);
  --sealed: light-dark(#0f766e, #2dd4bf);
  --sealed-fill: light-dark(#1a9a8f, #1d8d82);
  --sealed-soft: light-dark(#d9f3ef, #123c39);
  --bad: light-dark(#b42318, #ff9b8f);
  display: block;
  container-type: inline-size;
  background: var(--ground);
  color: var(--text);
  font: 14px/1.5 system-ui, sans-serif;
  padding: 0.75rem 1rem;
  border-radius: 10px;
}
.view { outline: none; }
@media (max-width: 44rem) {
  :host { padding: 0.5rem; }
}
.moments, .octets, .tree, .chart text { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 13px; }
[hidden] { display: none !important; }
a { color: inherit; }
button, select { font: inherit; color: inherit; }
:focus-visible { outline: 2px solid var(--sealed); outline-offset: 1px; }

.options { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; }
.top { position: sticky; top: 0; z-index: 2; background: var(--ground); padding-bottom: 0.25rem; border-bottom: 1px solid var(--rule); }
.controls { display: flex; gap: 0.5rem 0.75rem; align-items: center; flex-wrap: wrap; padding: 0.5rem 0; }
.controls button { min-width: 2.5rem; min-height: 2.25rem; padding: 0 0.75rem; border: 1px solid var(--rule); border-radius: 6px; background: var(--raised); }
.controls .play { min-width: 6rem; }
select { min-height: 2.25rem; min-width: 0; max-width: 100%; border: 1px solid var(--rule); border-radius: 6px; background: var(--raised); }
.controls input[type="range"] { flex: 1 1 10rem; accent-color: var(--sealed); }
.position { color: var(--muted); font-variant-numeric: tabular-nums; min-width: 5.5rem; }
.toggle { display: inline-flex; align-items: center; gap: 0.4rem; min-width: 0; }
.toggle span { white-space: nowrap; }

.chart { margin: 0.25rem 0 0; cursor: pointer; min-height: 92px; overflow: hidden; }
.timeline { display: block; }
.timeline text { fill: var(--muted); font-size: 12px; }
.grid { stroke: var(--rule); stroke-width: 1; }
.band.waiting { fill: var(--rule); }
.band.clear { fill: var(--clear-fill); }
.band.sealed { fill: var(--sealed-fill); }
.band.data { fill: var(--sealed); rx: 2px; }
.tick { stroke-width: 1.5; stroke: light-dark(#ffffffcc, #000000aa); }
.tick.later { opacity: 0.35; }
.ticket { fill: none; stroke: var(--sealed); stroke-width: 1.5; stroke-dasharray: 3 2; }
.now { stroke: var(--text); stroke-width: 2; }

.story { min-height: 7.5rem; margin: 0.5rem 0; padding: 0.75rem 1rem; border: 1px solid var(--rule); border-radius: 8px; background: var(--raised);
  box-sizing: border-box; }
.story p { margin: 0; }
.who { display: flex; gap: 0.75rem; align-items: center; flex-wrap: wrap; color: var(--muted); font-size: 13px; margin-bottom: 0.25rem !important; }
.who .mode { color: var(--text); }
.told { font-size: 16px; max-width: 75ch; }
.badge { border-radius: 4px; padding: 0 0.4rem; }
.badge.open { background: var(--clear-soft); color: var(--clear); }
.badge.sealed { background: var(--sealed-soft); color: var(--sealed); }
.reference { font-size: 12px; color: var(--muted); white-space: nowrap; }
.told .reference { font-size: 13px; margin-left: 0.25rem; }

.legend { color: var(--muted); font-size: 13px; margin: 0.5rem 0; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; }
.legend .keys { order: 9; margin-left: auto; }
kbd { font: inherit; font-size: 12px; border: 1px solid var(--rule); border-radius: 4px; padding: 0 0.35rem; margin-right: 0.25rem; }
.legend .entry > span { border-radius: 4px; padding: 0 0.4rem; }

.stage { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; }
.moment { display: grid; grid-template-columns: 5.5rem minmax(0, 1fr) minmax(0, 1fr); gap: 0 1rem; }
.heading { border-bottom: 1px solid var(--rule); padding-bottom: 0.25rem; margin-bottom: 0.25rem; }
.heading b { text-transform: uppercase; margin-right: 0.75rem; }
.begins { color: var(--muted); }
.time { color: var(--muted); text-align: right; font-variant-numeric: tabular-nums; }
.line { scroll-margin: 20rem 0 24rem; display: flex; gap: 0.5rem; width: 100%; box-sizing: border-box; padding: 0 0.5rem; border: 0; border-left: 3px solid transparent;
  background: none; text-align: left; overflow-wrap: anywhere; font: inherit; color: inherit; }
.text { flex: 1; }
.rail-clear { border-left: 3px dotted var(--clear); }
.rail-tls { border-left: 3px solid var(--sealed); }
.rail-data { border-left: 6px double var(--sealed); margin-left: 0.75rem; width: calc(100% - 0.75rem); }
button.line { cursor: pointer; }
button.line:hover { background: color-mix(in srgb, var(--muted) 12%, transparent); }
.line[aria-current="step"] { background: color-mix(in srgb, var(--sealed) 16%, transparent); box-shadow: inset 0 0 0 1px var(--sealed); }
.line[aria-current="step"].seal-clear, .line[aria-current="step"].seal-readable { background: var(--clear-soft); box-shadow: inset 0 0 0 1px var(--clear); }
.line.detail { padding-left: 2rem; color: var(--muted); }
.line.extra:not(.open) { display: none; }
.forged { align-self: start; border-radius: 4px; padding: 0 0.4rem; color: var(--ground); background: var(--bad); }
.line.problem { color: var(--bad); }
.rule { background: var(--sealed-soft); color: var(--sealed); font-weight: 600; margin: 0.25rem 0; }
.seal { align-self: start; }
.seal { border-radius: 4px; padding: 0 0.4rem; }
.seal-clear .seal, .seal-readable .seal, .legend .seal-clear, .legend .seal-readable { background: var(--clear-soft); color: var(--clear); }
.seal-encrypted .seal, .legend .seal-encrypted { background: var(--sealed-soft); color: var(--sealed); }
.lock { display: inline-block; width: 0.6rem; height: 0.6rem; align-self: center; background: currentcolor; border-radius: 1px; }
:host([outsider]) .detail.rail-tls:not(.seal-readable) .text, :host([outsider]) .detail.rail-data:not(.seal-readable) .text {
  background: repeating-linear-gradient(135deg, var(--muted) 0 3px, var(--rule) 3px 6px); color: transparent; border-radius: 2px; user-select: none; }
:host([outsider]) .pane .sealed-fields { display: none; }

.side { display: grid; grid-template-columns: minmax(0, 1fr) 20rem; gap: 1rem 2rem; align-items: start; border-top: 1px solid var(--rule); padding-top: 0.75rem; }
.pane:empty { display: none; }
.pane:empty + .observer { grid-column: 1 / -1; }
.hint { color: var(--muted); margin: 0 0 0.5rem; }
.columns { display: grid; grid-template-columns: max-content minmax(14rem, 1fr); gap: 1rem 2rem; }
.columns > * { max-height: 20rem; overflow: auto; }
.octets .line { display: block; white-space: pre; padding: 0; border: 0; }
.octets b { color: var(--muted); font-weight: 400; margin-right: 1rem; }
.octets i { color: var(--muted); font-style: normal; margin-left: 0.75rem; }
.octet { padding: 0 0.2rem; border-radius: 3px; }
.octet.missing { visibility: hidden; }
.tree { list-style: none; margin: 0; padding-left: 1rem; }
.columns > .tree { padding-left: 0; }
.field { border-radius: 3px; padding: 0 0.25rem; overflow-wrap: anywhere; max-height: 4.6em; overflow: hidden; }
.field.lit, .field:focus { max-height: none; }
.field .reference { margin-left: 0.5rem; }
.field i { color: var(--muted); margin: 0 0.75rem; }
.lit { background: var(--sealed-soft); box-shadow: 0 0 0 1px var(--sealed); }

.observer h2, .observer h3 { font-size: 14px; margin: 0; }
.observer h3 { text-transform: uppercase; font-size: 12px; margin-top: 0.5rem; display: flex; gap: 0.75rem; }
.observer h3 span { text-transform: none; font-weight: 400; color: var(--clear); }
.observer ul { margin: 0.25rem 0 0; padding-left: 1.1rem; }
.observer li { overflow-wrap: anywhere; }
.observer .nothing { margin: 0.25rem 0 0; color: var(--sealed); }

.summary { overflow-x: auto; }
.summary table { border-collapse: collapse; margin-top: 1rem; width: 100%; }
.summary th, .summary td { text-align: left; padding: 0.3rem 1.5rem 0.3rem 0; vertical-align: top; border-bottom: 1px solid var(--rule); overflow-wrap: anywhere; }
.summary th[scope="row"] { overflow-wrap: normal; }
.advice { font-weight: 600; max-width: 80ch; }

@container (min-width: 100rem) {
  .stage { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); }
  .columns { grid-template-columns: minmax(0, 1fr); }
  .columns > * { max-height: 17rem; }
  .side { grid-template-columns: minmax(0, 1fr); border-top: 0; padding-top: 0; position: sticky; top: 19rem; align-self: start; }
}
@container (max-width: 68rem) {
  .side, .columns { grid-template-columns: minmax(0, 1fr); }
}
@container (max-width: 44rem) {
  .moment { grid-template-columns: minmax(0, 1fr); border-top: 1px solid var(--rule); padding: 0.25rem 0; }
  .heading, .keys { display: none; }
  .time { text-align: left; }
  .cell::before { text-transform: uppercase; font-size: 11px; color: var(--muted); }
  .cell.explicit::before { content: "explicit"; }
  .cell.implicit::before { content: "implicit"; }
  .cell:empty { display: none; }
  .controls { gap: 0.5rem; }
  .controls button { min-height: 2.75rem; min-width: 2.75rem; padding: 0 0.5rem; }
  .controls .play { min-width: 5rem; }
  .controls input[type="range"] { flex-basis: 60%; }
  .toggle { min-height: 2.75rem; }
  .summary th, .summary td { padding-right: 0.6rem; }
  .story { min-height: 6.5rem; padding: 0.5rem 0.75rem; }
  .told { font-size: 14px; }
  .line { scroll-margin: 24rem 0 6rem; }
  .octets { font-size: 11px; }
  .octets i { display: none; }
  .octets b { margin-right: 0.5rem; }
  .octet { padding: 0 0.1rem; }
}
@media (max-height: 600px) {
  .top { position: static; }
}
@media (prefers-reduced-motion: no-preference) {
  .line { transition: background 120ms; }
}
`;
