import { type ExplainEvent, nextStep, renderStep, type RenderOptions, type StepPlace } from "@sallyport/inspector";
import { emitKeypressEvents } from "node:readline";

/** Lets somebody go through an explanation by keys, on the other screen of the terminal, until q or Ctrl-C. */
export async function stepOnTerminal(
  events: readonly ExplainEvent[],
  drawing: RenderOptions,
  save?: () => Promise<string>,
): Promise<void> {
  const { stdin, stdout } = process;
  let place: StepPlace = { step: 1, showsOctets: true, isDataOnly: false };
  const draw = (): void => {
    const size = { width: stdout.columns, height: stdout.rows };
    const lines = renderStep(events, place, { ...drawing, ...size });
    stdout.write(`\x1b[H\x1b[2J${lines.slice(0, size.height).join("\r\n")}`);
  };
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  stdin.resume();
  stdout.write("\x1b[?1049h\x1b[?25l");
  stdout.on("resize", draw);
  try {
    draw();
    await new Promise<void>((resolve) => {
      stdin.on("keypress", (_text: string, key: { readonly name?: string; readonly ctrl?: boolean }) => {
        if (key.name === "q" || key.name === "escape" || (key.ctrl === true && key.name === "c")) return resolve();
        place = afterKey(events, place, key.name);
        draw();
        if (key.name !== "p" || save === undefined) return;
        void save().then((note) => {
          place = { ...place, note };
          draw();
        });
      });
    });
  } finally {
    stdout.off("resize", draw);
    stdout.write("\x1b[?25h\x1b[?1049l");
    stdin.removeAllListeners("keypress").setRawMode(false).pause();
  }
}

function afterKey(events: readonly ExplainEvent[], place: StepPlace, name = ""): StepPlace {
  const { note: _told, ...quiet } = place;
  return acts[name]?.(events, quiet) ?? quiet;
}

const acts: Readonly<Record<string, (events: readonly ExplainEvent[], place: StepPlace) => StepPlace>> = {
  right: (events, place) => ({ ...place, step: nextStep(events, place, 1) }),
  left: (events, place) => ({ ...place, step: nextStep(events, place, -1) }),
  home: (_events, place) => ({ ...place, step: 1 }),
  end: (events, place) => ({ ...place, step: events.length }),
  e: (_events, place) => ({ ...place, showsOctets: !place.showsOctets }),
  d: dataAlone,
};

/** Stops at data connections alone, from the first of their steps on; once more, at all steps again. */
function dataAlone(events: readonly ExplainEvent[], place: StepPlace): StepPlace {
  const first = events.findIndex(({ connection }) => connection === "data");
  const isDataOnly = !place.isDataOnly && first >= 0;
  const isElsewhere = isDataOnly && events[place.step - 1]?.connection !== "data";
  return { ...place, isDataOnly, step: isElsewhere ? first + 1 : place.step };
}
