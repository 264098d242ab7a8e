// The choice of a time range: relative ones, or two moments; and the way back out of a zoom.
import { chooseRange, RANGES, zoom, type Span } from "../time";
import { wording } from "../words";

const say = wording({
  range: ["Time range", "时间范围"],
  last: ["Last {0}", "最近 {0}"],
  chosen: ["Chosen: {0} – {1}", "已选：{0} – {1}"],
  earlier: ["Earlier", "更早"],
  later: ["Later", "更晚"],
  wider: ["Zoom out", "缩小"],
});

export function RangeChoice(props: { span: Span; standard?: string }) {
  const { from, to, relative } = props.span;
  const wide = to - from;
  const time = (at: number) => new Date(at * 1000).toLocaleString();
  return (
    <div class="range" role="group" aria-label={say("range")}>
      <button
        type="button"
        title={say("earlier")}
        aria-label={say("earlier")}
        onClick={() => zoom(from - wide / 2, to - wide / 2)}
      >
        ‹
      </button>
      <select
        aria-label={say("range")}
        value={relative}
        onChange={(event) => event.currentTarget.value && chooseRange(event.currentTarget.value, props.standard)}
      >
        {relative ? null : <option value="">{say("chosen", time(from), time(to))}</option>}
        {[...new Set([...RANGES, relative].filter(Boolean))].map((each) => (
          <option key={each} value={each}>
            {say("last", each)}
          </option>
        ))}
      </select>
      <button
        type="button"
        title={say("wider")}
        aria-label={say("wider")}
        onClick={() => zoom(from - wide / 2, to + wide / 2)}
      >
        ⤢
      </button>
      <button
        type="button"
        title={say("later")}
        aria-label={say("later")}
        onClick={() => zoom(from + wide / 2, to + wide / 2)}
      >
        ›
      </button>
    </div>
  );
}
