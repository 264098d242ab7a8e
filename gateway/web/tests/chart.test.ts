// Lines with times of their own, as columns with one list of times.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./browser";
import { columns } from "../source/parts/chart";

type Points = readonly (readonly [number, number])[];
const joined = (step: number, ...lines: Points[]) =>
  columns(
    lines.map((points, index) => ({ name: String(index), points })),
    step,
  ).map((column) => Array.from(column as ArrayLike<number | null | undefined>));

test("one line stays as it is", () => {
  assert.deepEqual(
    joined(15, [
      [0, 1],
      [15, 2],
    ]),
    [
      [0, 15],
      [1, 2],
    ],
  );
});

test("a hole of more than two steps is a gap, of two is none", () => {
  assert.deepEqual(
    joined(15, [
      [0, 1],
      [30, 2],
      [90, 3],
    ]),
    [
      [0, 30, 45, 90],
      [1, 2, null, 3],
    ],
  );
});

test("times of another line are no gap", () => {
  const [times, first, second] = joined(
    15,
    [
      [0, 1],
      [15, 2],
    ],
    [[7, 5]],
  );
  assert.deepEqual(times, [0, 7, 15]);
  assert.deepEqual(first, [1, undefined, 2]);
  assert.deepEqual(second, [undefined, 5, undefined]);
});

test("what is no number is a gap", () => {
  assert.deepEqual(
    joined(15, [
      [0, Number.NaN],
      [15, Number.POSITIVE_INFINITY],
      [30, 1],
    ])[1],
    [null, null, 1],
  );
});

test("without lines there are no times", () => {
  assert.deepEqual(joined(15), [[]]);
  assert.deepEqual(joined(15, []), [[], []]);
});
