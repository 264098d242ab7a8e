// Numbers as people read them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, bytes, duration, number, written } from "../source/units";

test("bytes grow by 1024 and keep three digits", () => {
  for (const [value, text] of [
    [0, "0 B"],
    [1023, "1,023 B"],
    [1024, "1 KiB"],
    [1536, "1.5 KiB"],
    [-2048, "-2 KiB"],
    [1024 ** 5, "1 PiB"],
    [1024 ** 6, "1,024 PiB"],
  ] as const)
    assert.equal(bytes(value), text);
});

test("a duration has its two largest parts", () => {
  for (const [value, text] of [
    [0, "0s"],
    [59.6, "1m"],
    [61, "1m 1s"],
    [3600, "1h"],
    [86400 + 60, "1d 1m"],
    [90061, "1d 1h"],
    [-5, "5s"],
  ] as const)
    assert.equal(duration(value), text);
});

test("what is no number is a dash, what is beyond all is infinite", () => {
  assert.equal(number(Number.NaN), "–");
  assert.equal(number(Number.POSITIVE_INFINITY), "∞");
  assert.equal(number(Number.NEGATIVE_INFINITY), "-∞");
  for (const nothing of [null, undefined, Number.NaN]) assert.equal(written(nothing, "bytes"), "–");
});

test("each unit is written its own way", () => {
  assert.equal(written(12.345, "percent"), "12.3 %");
  assert.equal(written(2048, "bytes/s"), "2 KiB/s");
  assert.equal(written(0.0125, "seconds"), "12.5 ms");
  assert.equal(written(75, "seconds"), "1m 15s");
  assert.equal(written(1_234_567, "number"), "1,234,567");
  assert.equal(written(99.96, "number"), "100");
  assert.equal(written(0.001234, "number"), "0.00123");
});

test("what is to come was not long ago", () => {
  assert.equal(ago(90, 100), "10s");
  assert.equal(ago(110, 100), "0s");
});
