import assert from "node:assert/strict";
import { test } from "node:test";
import { checkIds, explainCheck, renderCheckExplanation } from "@sallyport/inspector";

for (const id of checkIds) {
  test(`${id} is explained, in the width of the terminal`, () => {
    const explanation = explainCheck(id);
    assert.ok(explanation, `${id} has no entry in the guide`);
    assert.match(explanation.why, /^[A-Z].{80,}\.$/s);
    for (const width of [40, 80, 120]) {
      const lines = renderCheckExplanation(explanation, { width, colour: false });
      assert.equal(lines[0], id);
      assert.deepEqual(
        lines.filter((line) => line.length > width),
        [],
      );
    }
  });
}

test("a check with remedies names them for each product", () => {
  const text = renderCheckExplanation(explainCheck("P1") ?? assert.fail(), { width: 100, colour: false }).join("\n");
  assert.match(text, /^ {4}vsftpd: force_local_logins_ssl=YES/m);
  assert.match(text, /^How to mend it$/m);
  assert.equal(explainCheck("Z9"), undefined);
});
