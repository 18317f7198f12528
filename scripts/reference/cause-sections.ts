import { causeGroups, type FailureCause, settingPlaces } from "@sallyport/client";
import { markdownTable, type Sections } from "./sections.ts";

/** Every cause of failures that `--explain` knows, with the settings that decide. */
export function causeSections(): Sections {
  return {
    causes: causeGroups
      .map(([heading, causes]) => [`## ${heading}`, ...causes.map(causeText)].join("\n\n"))
      .join("\n\n"),
  };
}

function causeText({ id, title, text, settings, here, reference }: FailureCause): string {
  const rows = Object.entries(settingPlaces).flatMap(([product, place]) => {
    const setting = Object.entries(settings).find(([name]) => name === product)?.[1];
    return setting === undefined ? [] : [[product, place, asText(setting)]];
  });
  const flag = here?.flag === undefined ? "" : ` On the command line \`${here.flag}\`.`;
  const option = here?.option === undefined ? "" : ` In the library \`${here.option}\`.`;
  return [
    `### ${title}`,
    asText(text),
    ...(here === undefined ? [] : [`Here: ${asText(here.text)}${flag}${option}`]),
    ...(rows.length === 0 ? [] : [markdownTable(["Server", "Where", "Setting"], rows)]),
    `\`${id}\`, ${reference}.`,
  ].join("\n\n");
}

/** Angle brackets and underscores mean something to Markdown. */
function asText(text: string): string {
  return text.replaceAll(/[<>_*]/g, String.raw`\$&`);
}
