// What the page of a host asks, which moment it means, and what it makes of answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./browser";
import { momentOf } from "../source/pages/host/moment";
import { SECTIONS, type Asked } from "../source/pages/host/plan";
import { fits, io, processId, type Process } from "../source/pages/host/snapshot";
import { stack } from "../source/parts/chart";

const NOW = 1_790_000_000;
const live = { from: NOW - 3600, to: NOW, relative: "1h" };
const moment = (text: string, span = live) => momentOf(new URLSearchParams(text), span, NOW);

test("without a moment it is now, or the end of a range that is over", () => {
  assert.deepEqual(moment(""), { at: null, against: "", from: null });
  assert.equal(moment("", { from: 10, to: 20, relative: "" }).at, 20);
});

test("a moment to compare with is a time, or so long before the other", () => {
  assert.equal(moment("at=1789999000&against=1789998000").from, 1_789_998_000);
  assert.equal(moment("at=1789999000&against=-5m").from, 1_789_998_700);
  assert.equal(moment("against=-5m").from, NOW - 300);
});

test("what is no time is none", () => {
  for (const text of ["at=x", "at=-1", "against=x", "against=-5", "against=-x"]) {
    assert.deepEqual([moment(text).at, moment(text).from], [null, null], text);
  }
});

const asked: Asked = { instance: 'a"b\\c', start: 0, end: 3600, step: 15 };

test("every selector names the host, with what is special in it escaped", () => {
  for (const section of SECTIONS) {
    for (const query of Object.values(section.queries)) {
      const text = query(asked);
      const selectors = text.match(/(node|container|namedprocess)_\w+(.)/g) ?? [];
      assert.ok(selectors.length > 0, text);
      assert.ok(
        selectors.every((each) => each.endsWith("{")),
        text,
      );
      assert.equal(text.split('instance="a\\"b\\\\c"').length - 1, selectors.length, text);
    }
  }
});

test("every chart draws a query that its section asks", () => {
  for (const section of SECTIONS) {
    for (const panel of section.panels) {
      assert.ok(panel.query in section.queries, `${section.key} ${panel.title}`);
      assert.deepEqual(panel.draw([]), []);
    }
  }
});

test("a rate reaches from one value to the next", () => {
  const cpu = SECTIONS[0]?.queries.cpu;
  assert.match(cpu?.({ ...asked, step: 15 }) ?? "", /\[60s\]/);
  assert.match(cpu?.({ ...asked, step: 600 }) ?? "", /\[615s\]/);
});

test("a device that is mounted twice is one line", () => {
  const panel = SECTIONS.flatMap((section) => section.panels).find((each) => each.title === "filesystems");
  const at = (device: string, mountpoint: string) => ({
    metric: { device, mountpoint },
    values: [[1, "5"] as [number, string]],
  });
  const lines = panel?.draw([at("vda", "/run/x"), at("vda", "/"), at("vdb", "/data")]);
  assert.deepEqual(
    lines?.map((line) => line.name),
    ["/", "/data"],
  );
});

test("silent devices are left out beside others", () => {
  const panel = SECTIONS.flatMap((section) => section.panels).find((each) => each.title === "network");
  const of = (device: string, what: string, value: string) => ({
    metric: { device, what },
    values: [[1, value] as [number, string]],
  });
  const lines = panel?.draw([of("eth0", "received", "5"), of("eth0", "sent", "0"), of("ifb0", "received", "0")]);
  assert.deepEqual(
    lines?.map((line) => [line.name, line.dashed]),
    [
      ["eth0 received", false],
      ["eth0 sent", true],
    ],
  );
});

test("areas lie on each other; where nothing is known there is a gap", () => {
  const data = stack([
    [1, 2, 3, 4],
    [1, 2, null, undefined],
    [10, null, null, 4],
  ] as Parameters<typeof stack>[0]);
  assert.deepEqual(data.slice(1), [
    [1, 2, null, 0],
    [11, 2, null, 4],
  ]);
});

const PROCESS: Process = {
  ...{ pid: 4711, start: 1_789_000_000.42, parent: 1, name: "postgres", command: "postgres: backup shop", user: "pg" },
  ...{ container: "db", unit: "postgresql.service", state: "R" },
  ...{ cpu: 1, rss: 2, read: null, write: 4, threads: 1, fds: 1 },
};

test("a process is found by all that names it, and by every word", () => {
  for (const text of ["4711", "POSTGRES backup", "db pg", "service"]) assert.ok(fits(PROCESS, text), text);
  assert.ok(!fits(PROCESS, "postgres restore"));
});

test("a process is named by its number and its start", () => {
  assert.equal(processId(PROCESS), "4711:1789000000.42");
});

test("I/O is what is known of it", () => {
  assert.equal(io(PROCESS), 4);
  assert.equal(io({ ...PROCESS, write: null }), null);
});
