import { answerText, codeOf } from "../probes/control.ts";
import { check } from "./check.ts";
import { listingText } from "./listing.ts";

export const cutUpload = check({
  id: "D6",
  name: "cut-upload",
  set: "login",
  title: "An upload that was cut on the way is not called complete",
  reference: "RFC 8446 §6.1, R-TLS-20, S-11",
  needs: ["writing"],
  judge({ writing: { mode, cut, cutSize } }) {
    if (cut === undefined || codeOf(cut) === 0) return { untested: "no upload came to its end" };
    if (codeOf(cut) === 550 || codeOf(cut) === 553) return { untested: `uploads are refused: ${answerText(cut)}` };
    const evidence = [`STOR, ended without close_notify: ${answerText(cut)}`, `SIZE of it: ${answerText(cutSize)}`];
    if (codeOf(cut) < 300) {
      const text = "An upload that was cut on the way is called complete: half a file looks whole to both ends";
      return { status: "warn", text, evidence, mode, fix: "cut-upload" };
    }
    return { status: "ok", text: "An upload that was cut on the way is called failed", evidence, mode };
  },
});

export const emptyFile = check({
  id: "D7",
  name: "empty-file",
  set: "login",
  title: "A file of no octet is stored and sent over TLS",
  reference: "RFC 4217 §10, RFC 8446 §6.1",
  needs: ["writing"],
  judge({ writing: { mode, empty, removed } }) {
    if (empty === undefined || codeOf(empty.stored) === 0) return { untested: "no upload came to its end" };
    const { stored, retrieved } = empty;
    if (codeOf(stored) === 550 || codeOf(stored) === 553)
      return { untested: `uploads are refused: ${answerText(stored)}` };
    const evidence = [
      `STOR of nothing: ${answerText(stored)}`,
      `RETR of it: ${listingText(retrieved)}`,
      `removed: ${removed.map((answer) => answerText(answer)).join(" | ")}`,
    ];
    const isWhole = codeOf(stored) < 300 && codeOf(retrieved.completion) < 300 && codeOf(retrieved.completion) > 0;
    if (!isWhole || retrieved.secured === undefined) {
      const text = "A file of no octet does not come through: its data connection ends before TLS stands";
      return { status: "warn", text, evidence, mode, fix: "server-update" };
    }
    return { status: "ok", text: "A file of no octet comes and goes like any other", evidence, mode };
  },
});
