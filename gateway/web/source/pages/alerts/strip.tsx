// Who fired when, as a picture: a line for each alert, a bar for each episode.
import { setParameters, useParameter } from "../../address";
import type { Span } from "../../time";
import { duration } from "../../units";
import { wording } from "../../words";
import { hostOf, nameOf, severityKind, severityRank, type Episode } from "./model";

const here = wording({
  title: ["Who fired when", "触发时间线"],
  line: ["{0}: {1} episodes", "{0}：{1} 次"],
  bar: ["{0}, {1}, {2}", "{0}，{1}，{2}"],
  only: ["Only {0}", "仅看 {0}"],
  more: ["and {0} more alerts", "以及另外 {0} 个告警"],
  cut: ["Only the newest 1,000 episodes are drawn.", "仅绘制最新的 1,000 次。"],
  whole: ["Show all", "显示全部"],
});

const WIDTH = 1000;
const HEIGHT = 18;
const LEAST = 3;
const LINES = 12;

export function Strip(props: { episodes: readonly Episode[]; span: Span; isCut: boolean }) {
  const { span } = props;
  const [whole, setWhole] = useParameter("whole");
  const lines = new Map<string, Episode[]>();
  for (const each of props.episodes) {
    const name = nameOf(each.labels);
    lines.set(name, [...(lines.get(name) ?? []), each]);
  }
  const sorted = [...lines].sort(([, a], [, b]) => rank(a) - rank(b) || b.length - a.length);
  const shown = whole ? sorted : sorted.slice(0, LINES);
  return (
    <figure class="box al-strip" aria-label={here("title")}>
      {shown.map(([name, episodes]) => (
        <Line key={name} name={name} episodes={episodes} span={span} />
      ))}
      <Times span={span} />
      <figcaption class="dim">
        {sorted.length > shown.length ? (
          <>
            {here("more", sorted.length - shown.length)}{" "}
            <button type="button" onClick={() => setWhole("1", true)}>
              {here("whole")}
            </button>
          </>
        ) : null}
        {props.isCut ? <p>{here("cut")}</p> : null}
      </figcaption>
    </figure>
  );
}

const rank = (episodes: readonly Episode[]): number => Math.min(...episodes.map((each) => severityRank(each.labels)));

function Line(props: { name: string; episodes: readonly Episode[]; span: Span }) {
  const { name, episodes, span } = props;
  const place = (time: number) =>
    ((Math.min(Math.max(time, span.from), span.to) - span.from) / (span.to - span.from)) * WIDTH;
  return (
    <>
      <button
        type="button"
        class="al-name"
        title={here("only", name)}
        onClick={() => setParameters({ name, before: "" })}
      >
        {name}
      </button>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={here("line", name, episodes.length)}
      >
        {episodes.map((each) => {
          const left = place(each.fired);
          const wide = Math.max(place(each.resolved ?? span.to) - left, LEAST);
          return (
            <rect
              key={each.number}
              class={severityKind(each.labels)}
              x={Math.min(left, WIDTH - LEAST)}
              y={2}
              width={wide}
              height={HEIGHT - 4}
              onClick={() =>
                setParameters({ name, view: "", episode: String(each.number), before: String(each.number + 1) })
              }
            >
              <title>
                {here(
                  "bar",
                  hostOf(each.labels) || name,
                  new Date(each.fired * 1000).toLocaleString(),
                  duration(each.lasted),
                )}
              </title>
            </rect>
          );
        })}
      </svg>
    </>
  );
}

function Times({ span }: { span: Span }) {
  const wide = span.to - span.from;
  const text = (time: number) =>
    new Date(time * 1000).toLocaleString(undefined, {
      ...(wide > 86400 ? { month: "short", day: "numeric" } : {}),
      ...(wide <= 14 * 86400 ? { hour: "2-digit", minute: "2-digit" } : {}),
    });
  return (
    <div class="al-times dim" aria-hidden="true">
      {[0, 0.25, 0.5, 0.75, 1].map((part) => (
        <span key={part}>{text(span.from + part * wide)}</span>
      ))}
    </div>
  );
}
