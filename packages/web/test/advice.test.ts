import { causeGroups } from "@sallyport/client";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { adviceOf } from "../src/gateway/advice.ts";
import { adviceInPage } from "../src/ui/explain-view/advice-in-page.ts";
import { english } from "../src/ui/texts/english.ts";

const ofTerminals = /(?:^|\s)--[a-z]|\bin the URL\b|\bsallyport (?:forget|unban) HOST\b|\bwith (?:ls|rm)\b/;

suite("What the page advises can be done in the page", () => {
  for (const [heading, causes] of causeGroups) {
    test(`${heading}: no flag of the command is spoken of`, () => {
      for (const { id, text, here, settings } of causes) {
        const set = Object.entries(settings).map(([product, setting]) => ({ product, place: "its file", setting }));
        const { advice, settings: forAdministrator } = adviceOf({ id, ...(here && { here }), settings: set as never });
        for (const each of [text, ...advice, ...forAdministrator]) assert.doesNotMatch(each, ofTerminals, id);
      }
    });
  }

  test("advice on an explanation speaks of the form", () => {
    const source = readFileSync(new URL("../../inspector/src/model/wording.ts", import.meta.url), "utf8");
    const advice = source
      .replaceAll("${mode}", "explicit")
      .replaceAll("${port}", "2121")
      .match(/"[^"\n]*\s--[a-z][^"\n]*"|`[^`\n]*\s--[a-z][^`\n]*`/g);
    // The page leaves no certificate unchecked.
    const told = (advice ?? []).filter((text) => !text.includes("not checked, as --insecure asks"));
    assert.ok(told.length >= 12, String(told.length));
    for (const each of told) assert.doesNotMatch(adviceInPage(each), /\s--/);
  });

  test("nor do texts of the page itself", () => {
    assert.doesNotMatch(JSON.stringify(english), /\s--[a-z]/);
  });
});
