// A chart of lines over time: one crosshair for all charts of a page, drag to zoom, gaps where nothing is known,
// and marks for what happened.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Span } from "../time";
import { colour, line } from "../theme";
import { written, type Unit } from "../units";
import { zoom } from "../time";
import { wording } from "../words";

export interface Line {
  name: string;
  /** Pairs of time in seconds and value, ascending. */
  points: readonly (readonly [number, number])[];
  colour?: string;
  dashed?: boolean;
}

/** Something that happened: a restart, a deploy, an alert from its begin to its end. */
export interface Mark {
  at: number;
  until?: number;
  text: string;
  /** A moment is one that people chose to look at. */
  kind: "alert" | "event" | "moment";
}

interface Props {
  title: string;
  lines: readonly Line[];
  span: Span;
  unit: Unit;
  /** Seconds between two values; a gap is longer than twice this. */
  step: number;
  marks?: readonly Mark[];
  height?: number;
  /** The top of the scale, where there is one: 100 for per cent. */
  most?: number;
  /** Draws each line on top of the one before, as an area; the legend keeps telling the line's own value. */
  stacked?: boolean;
  /** A click on a moment; with the Shift key it is another one to compare with. */
  onMoment?: (time: number, shift: boolean) => void;
  /** Too many lines for a legend: the one near the cursor stands out, and is named above the chart. */
  many?: boolean;
  /** With `many`: the line that stands out, by its name. */
  focus?: string;
  onFocus?: (name: string) => void;
}

const say = wording({ time: ["Time", "时间"] });
const GROUP = "page";
/** Steps of an axis of bytes, so that its numbers are round ones. */
const BINARY = Array.from({ length: 50 }, (_, power) => 2 ** power);
const MARKS = { alert: "bad", event: "accent", moment: "text" } as const;

/** Joins lines into columns with one list of times; where a line has no value within a step there is a gap. */
export function columns(lines: readonly Line[], step: number): uPlot.AlignedData {
  const times = new Set<number>();
  for (const each of lines) {
    let last = Number.NaN;
    for (const [time] of each.points) {
      if (time - last > 2 * step) times.add(last + step);
      times.add(time);
      last = time;
    }
  }
  const sorted = [...times].sort((a, b) => a - b);
  const places = new Map(sorted.map((time, place) => [time, place]));
  const values = lines.map((each) => {
    const column = new Array<number | null | undefined>(sorted.length);
    let last = Number.NaN;
    for (const [time, value] of each.points) {
      const gap = places.get(last + step);
      if (time - last > 2 * step && gap !== undefined) column[gap] = null;
      const place = places.get(time);
      if (place !== undefined) column[place] = Number.isFinite(value) ? value : null;
      last = time;
    }
    return column;
  });
  return [sorted, ...values] as uPlot.AlignedData;
}

/** Adds to each column those before it; a gap stays where no line has a value. */
export function stack(data: uPlot.AlignedData): uPlot.AlignedData {
  const [times, ...values] = data;
  const sums = new Array<number>(times.length).fill(0);
  const known = Array.from(times, (_, place) => values.some((column) => column[place] != null));
  const stacked = values.map((column) =>
    Array.from(column, (value, place) => {
      const sum = (sums[place] ?? 0) + (value ?? 0);
      sums[place] = sum;
      return known[place] ? sum : value;
    }),
  );
  return [times, ...stacked] as uPlot.AlignedData;
}

function drawn(props: Props): uPlot.AlignedData {
  const data = columns(props.lines, props.step);
  return props.stacked ? stack(data) : data;
}

export function Chart(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const named = useRef<HTMLElement>(null);
  const plot = useRef<uPlot>();
  const newest = useRef(props);
  newest.current = props;
  const shape = JSON.stringify([
    props.lines.map((each) => [each.name, each.colour, each.dashed]),
    props.unit,
    props.most,
    props.many,
  ]);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const make = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options(newest, element.clientWidth, named), drawn(newest.current), element);
    };
    make();
    const sizes = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: newest.current.height ?? 180 }),
    );
    sizes.observe(element);
    addEventListener("fleetgauge:theme", make);
    return () => {
      sizes.disconnect();
      removeEventListener("fleetgauge:theme", make);
      plot.current?.destroy();
      plot.current = undefined as unknown as uPlot;
    };
  }, [shape]);

  useEffect(() => {
    plot.current?.setData(drawn(props), false);
    plot.current?.setScale("x", { min: props.span.from, max: props.span.to });
  }, [props.lines, props.span.from, props.span.to, props.marks]);

  useEffect(() => {
    if (!props.many || !plot.current) return;
    const place = props.lines.findIndex((each) => each.name === props.focus);
    plot.current.setSeries(place < 0 ? null : place + 1, { focus: true }, false);
  }, [props.focus, shape]);

  return (
    <figure class="chart" aria-label={props.title}>
      <figcaption>
        {props.title}
        <span class="named" ref={named} />
      </figcaption>
      <div ref={box} />
    </figure>
  );
}

function options(newest: { current: Props }, width: number, named: { current: HTMLElement | null }): uPlot.Options {
  const { lines, unit, most, height, stacked, many } = newest.current;
  const text = colour("text-dim");
  const grid = { stroke: colour("line"), width: 1 };
  return {
    width,
    height: height ?? 180,
    cursor: { sync: { key: GROUP }, drag: { x: true, y: false, setScale: false }, focus: { prox: many ? 24 : -1 } },
    focus: { alpha: 0.2 },
    legend: { live: true, show: !many },
    scales: { x: { time: true }, y: { range: (_, low, high) => [Math.min(0, low ?? 0), most ?? (high || 1) * 1.05] } },
    axes: [
      { stroke: text, grid },
      {
        stroke: text,
        grid,
        size: unit === "bytes/s" ? 84 : 70,
        values: (_, ticks) => ticks.map((tick) => written(tick, unit)),
        ...(unit.startsWith("bytes") ? { incrs: BINARY } : {}),
      },
    ],
    series: [
      { label: say("time"), value: (_, time: number | null) => written(time, "time") },
      ...lines.map((each, index) => ({
        label: each.name,
        stroke: each.colour ?? line(index),
        width: stacked ? 1 : 1.5,
        points: { show: false },
        spanGaps: false,
        ...(each.dashed ? { dash: [4, 4] } : {}),
        ...(stacked && index === 0 ? { fill: `${each.colour ?? line(index)}55` } : {}),
        value: (plot: uPlot, value: number | null, place: number, at: number | null) => {
          const below = stacked && index > 0 && at !== null ? (plot.data[place - 1]?.[at] ?? 0) : 0;
          return written(value === null ? value : value - below, unit);
        },
      })),
    ],
    bands: stacked
      ? lines.slice(1).map((each, index) => ({
          series: [index + 2, index + 1] as [number, number],
          fill: `${each.colour ?? line(index + 1)}55`,
        }))
      : [],
    hooks: {
      setSelect: [
        (plot) => {
          const { left, width: wide } = plot.select;
          if (wide > 4) zoom(plot.posToVal(left, "x"), plot.posToVal(left + wide, "x"));
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
      ...(many ? { setCursor: [(plot) => name(plot, newest.current, named.current)] } : {}),
      setSeries: [
        (_, place, changed) => {
          if ("focus" in changed) newest.current.onFocus?.(place ? (newest.current.lines[place - 1]?.name ?? "") : "");
        },
      ],
      drawClear: [(plot) => drawMarks(plot, newest.current.marks ?? [])],
      ready: [
        (plot) => {
          plot.over.addEventListener("click", (event) => {
            const left = plot.cursor.left ?? -1;
            if (left >= 0) newest.current.onMoment?.(plot.posToVal(left, "x"), event.shiftKey);
          });
        },
      ],
    },
  };
}

/** Names the line that stands out, with its value under the cursor. */
function name(plot: uPlot, props: Props, named: HTMLElement | null): void {
  const place = props.lines.findIndex((each) => each.name === props.focus);
  const at = plot.cursor.idx;
  if (!named) return;
  const value = at === null || at === undefined ? undefined : plot.data[place + 1]?.[at];
  const time = at === null || at === undefined ? undefined : plot.data[0][at];
  named.textContent =
    place < 0 || time === undefined
      ? ""
      : `${props.lines[place]?.name}: ${written(value, props.unit)} · ${new Date(time * 1000).toLocaleTimeString()}`;
}

function drawMarks(plot: uPlot, marks: readonly Mark[]): void {
  const { ctx, bbox } = plot;
  for (const mark of marks) {
    const left = Math.max(plot.valToPos(mark.at, "x", true), bbox.left);
    const right = Math.min(plot.valToPos(mark.until ?? mark.at, "x", true), bbox.left + bbox.width);
    if (right < bbox.left || left > bbox.left + bbox.width) continue;
    ctx.save();
    ctx.fillStyle = colour(MARKS[mark.kind]);
    ctx.globalAlpha = 0.15;
    ctx.fillRect(left, bbox.top, Math.max(right - left, 1), bbox.height);
    ctx.globalAlpha = 0.8;
    ctx.fillRect(left, bbox.top, 1.5, bbox.height);
    ctx.restore();
  }
}
