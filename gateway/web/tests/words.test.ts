// Texts in the language that was chosen.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./browser";
import { language, wording } from "../source/words";

test("places are filled in, as often as they come", () => {
  const say = wording({ from: ["{0} of {1}, {0}", "{1} 的 {0}"] });
  assert.equal(language, "en");
  assert.equal(say("from", 1, "x"), "1 of x, 1");
  assert.equal(say("from", 1), "1 of , 1");
});
