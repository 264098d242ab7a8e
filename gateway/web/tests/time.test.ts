// Time ranges as they stand in the address.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { standAt, steps } from "./browser";
import { chooseRange, RANGES, seconds, spanOf, stepOf, zoom } from "../source/time";

beforeEach(() => standAt("/agents/web-1"));

const span = (text: string, now = 10_000) => spanOf(new URLSearchParams(text), now);

test("durations are a number and a unit, and nothing else", () => {
  assert.equal(seconds("15m"), 900);
  assert.equal(seconds("2d"), 172_800);
  for (const bad of ["", "15", "m", "1.5h", "-1h", "1y", " 1h", "1h "]) assert.equal(seconds(bad), null);
  for (const range of RANGES) assert.ok(seconds(range));
});

test("without parameters it is the last hour", () => {
  assert.deepEqual(span(""), { from: 6400, to: 10_000, relative: "1h" });
});

test("a relative range ends now", () => {
  assert.deepEqual(span("range=5m"), { from: 9700, to: 10_000, relative: "5m" });
});

test("two moments win over a range", () => {
  assert.deepEqual(span("from=100&to=200&range=5m"), { from: 100, to: 200, relative: "" });
});

test("moments that make no span are left alone", () => {
  for (const text of ["from=200&to=100", "from=100", "to=100", "from=x&to=200", "from=-5&to=200", "from=5&to=5"])
    assert.equal(span(text).relative, "1h");
});

test("a zoom is a step in the history, and names its moments", () => {
  standAt("/agents/web-1?range=6h&process=4711");
  zoom(100.0004, 200.5);
  assert.deepEqual(steps, ["/agents/web-1?process=4711&from=100.000&to=200.500"]);
});

test("the standard range does not stand in the address", () => {
  standAt("/compare?from=100&to=200");
  chooseRange("6h");
  chooseRange("1h");
  assert.deepEqual(steps, ["/compare?range=6h", "/compare"]);
});

test("a step fits the samples: whole intervals, never less than one", () => {
  const ofHours = (hours: number) => stepOf({ from: 0, to: hours * 3600, relative: "" });
  assert.equal(ofHours(1 / 12), 15);
  assert.equal(ofHours(1), 15);
  assert.equal(ofHours(24) % 15, 0);
  assert.ok((24 * 3600) / ofHours(24) <= 400);
});
