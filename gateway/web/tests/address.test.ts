// The address bar is the state.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { standAt, steps } from "./browser";
import { go, setParameters } from "../source/address";

beforeEach(() => standAt("/?sort=-cpu"));

test("parameters are set, and empty ones go", () => {
  setParameters({ find: "web 1&2", sort: "" });
  assert.deepEqual(steps, ["/?find=web+1%262"]);
});

test("what is replaced leaves no step", () => {
  setParameters({ find: "w" }, true);
  assert.deepEqual(steps, []);
  assert.equal(location.search, "?sort=-cpu&find=w");
});

test("where one is already is no step", () => {
  go("/?sort=-cpu");
  assert.deepEqual(steps, []);
});

test("going tells those who listen, once", () => {
  let told = 0;
  addEventListener("fleetgauge:address", () => told++);
  go("/alerts");
  assert.equal(told, 1);
});
