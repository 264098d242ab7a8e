// When alerts would have fired, had the rules run over what is stored: numbers, and a line of time for each.
import { ask, type LabelSet } from "../../api";
import { useParameter } from "../../address";
import { useLoaded } from "../../load";
import { Badge, Trouble } from "../../parts/small";
import { seconds } from "../../time";
import { duration, written } from "../../units";
import { wording } from "../../words";
import { Problems } from "./parts";
import { labelsText } from "./preview";

const say = wording({
  title: ["Backtest", "回测"],
  since: ["Over the last", "回溯时长"],
  running: ["Running over the samples …", "正在对样本求值……"],
  fired: ["{0} would have fired {1} times in {2}, for {3} in all.", "{0} 在 {2} 内会触发 {1} 次，总计 {3}。"],
  once: ["{0} would have fired once in {2}, for {3}.", "{0} 在 {2} 内会触发 1 次，持续 {3}。"],
  quiet: ["{0} would not have fired in {1}.", "{0} 在 {1} 内不会触发。"],
  alerts: ["Alerts: {0}", "告警：{0}"],
  failed: ["{0} of {1} evaluations failed: {2}", "{1} 次求值中有 {0} 次失败：{2}"],
  none: ["There is no alert rule in it.", "其中没有告警规则。"],
  still: ["until now", "至今"],
  firing: ["{0} – {1}, {2}, value {3}", "{0} – {1}，{2}，值 {3}"],
  track: ["Firing of {0}", "{0} 的触发时间"],
  more: ["and {0} more", "还有 {0} 个"],
});

interface Firing {
  active: number;
  start: number;
  end: number | null;
  value: string;
}

interface Tested {
  name: string;
  group: string;
  query: string;
  evaluations: number;
  failed: number;
  failure: string;
  problem: string;
  notes: string[];
  fired?: number;
  seconds?: number;
  alerts?: { labels: LabelSet; fired: number; seconds: number; firings: Firing[] }[];
}

interface Outcome {
  since: number;
  until: number;
  rules: Tested[];
}

const SPANS = ["6h", "1d", "7d", "30d"] as const;
const STANDARD_SPAN = "30d";
const SHOWN_ALERTS = 20;
const SHOWN_FIRINGS = 20;

/** The result for rules, or for a group in service. */
export function BacktestGroup(props: { body: { rules: string } | { group: string } }) {
  const [span, setSpan] = useParameter("since", STANDARD_SPAN);
  const key = JSON.stringify([props.body, span]);
  return (
    <section class="box">
      <div class="bar">
        <h2>{say("title")}</h2>
        <label class="beside">
          {say("since")}
          <select value={span} onChange={(event) => setSpan(event.currentTarget.value)}>
            {SPANS.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      </div>
      <Run key={key} body={props.body} span={span} />
    </section>
  );
}

function Run(props: { body: object; span: string }) {
  const tested = useLoaded("run", (signal) => {
    const until = Math.floor(Date.now() / 1000);
    const since = until - (seconds(props.span) ?? 30 * 86400);
    return ask<Outcome>("/api/v1/rules/backtest", { method: "POST", body: { ...props.body, since, until }, signal });
  });
  const { data } = tested;
  if (!data) {
    return tested.error ? (
      <Problems error={tested.error} />
    ) : (
      <p class="dim" role="status">
        {say("running")}
      </p>
    );
  }
  return (
    <>
      {data.rules.length ? null : <p class="dim">{say("none")}</p>}
      {data.rules.map((rule) => (
        <Rule key={`${rule.group} ${rule.name} ${rule.query}`} rule={rule} since={data.since} until={data.until} />
      ))}
    </>
  );
}

function sentence(rule: Tested, wide: number): string {
  const fired = rule.fired ?? 0;
  if (!fired) return say("quiet", rule.name, duration(wide));
  return say(fired === 1 ? "once" : "fired", rule.name, fired, duration(wide), duration(rule.seconds ?? 0));
}

function Rule(props: { rule: Tested; since: number; until: number }) {
  const { rule, since, until } = props;
  const alerts = rule.alerts ?? [];
  if (rule.problem) {
    return (
      <div class="tested">
        <strong>{rule.name}</strong>
        <Trouble error={new Error(rule.problem)} />
      </div>
    );
  }
  return (
    <div class="tested">
      <p>
        {sentence(rule, until - since)}{" "}
        {alerts.length > 1 ? <Badge kind="dim">{say("alerts", alerts.length)}</Badge> : null}
      </p>
      {rule.failed ? <p class="warning">{say("failed", rule.failed, rule.evaluations, rule.failure)}</p> : null}
      {rule.notes.map((note) => (
        <p key={note} class="dim">
          {note}
        </p>
      ))}
      {alerts.length ? (
        <>
          <Track name={rule.name} firings={alerts.flatMap((alert) => alert.firings)} since={since} until={until} />
          <Ticks since={since} until={until} />
        </>
      ) : null}
      {alerts.length ? (
        <details>
          <summary>{say("alerts", alerts.length)}</summary>
          {alerts.slice(0, SHOWN_ALERTS).map((alert) => {
            const { alertname: _name, ...labels } = alert.labels;
            return (
              <div class="alert" key={JSON.stringify(alert.labels)}>
                <code>{labelsText(labels)}</code>
                <Track name={labelsText(labels)} firings={alert.firings} since={since} until={until} />
                <ul class="plain small">
                  {alert.firings.slice(-SHOWN_FIRINGS).map((firing) => (
                    <li key={firing.start}>{firingText(firing, until)}</li>
                  ))}
                </ul>
                {alert.firings.length > SHOWN_FIRINGS ? (
                  <p class="dim small">{say("more", alert.firings.length - SHOWN_FIRINGS)}</p>
                ) : null}
              </div>
            );
          })}
          {alerts.length > SHOWN_ALERTS ? <p class="dim">{say("more", alerts.length - SHOWN_ALERTS)}</p> : null}
        </details>
      ) : null}
    </div>
  );
}

function firingText(firing: Firing, until: number): string {
  const end = firing.end === null ? say("still") : written(firing.end, "time");
  return say(
    "firing",
    written(firing.start, "time"),
    end,
    duration((firing.end ?? until) - firing.start),
    firing.value,
  );
}

const WIDE = 1000;
/** A firing of minutes must be seen among weeks. */
const LEAST = 3;

function Track(props: { name: string; firings: readonly Firing[]; since: number; until: number }) {
  const at = (time: number) => ((time - props.since) / (props.until - props.since)) * WIDE;
  return (
    <svg
      class="track"
      viewBox={`0 0 ${WIDE} 16`}
      preserveAspectRatio="none"
      role="img"
      aria-label={say("track", props.name)}
    >
      {props.firings.map((firing) => (
        <rect
          key={`${firing.start} ${firing.active}`}
          x={Math.min(at(firing.start), WIDE - LEAST)}
          width={Math.max(at(firing.end ?? props.until) - at(firing.start), LEAST)}
          y={0}
          height={16}
        >
          <title>{firingText(firing, props.until)}</title>
        </rect>
      ))}
    </svg>
  );
}

function Ticks(props: { since: number; until: number }) {
  const wide = props.until - props.since;
  const text = (time: number) => {
    const date = new Date(time * 1000);
    return wide > 2 * 86400
      ? date.toLocaleDateString(undefined, { month: "short", day: "numeric" })
      : date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  };
  return (
    <div class="ticks dim small" aria-hidden="true">
      {[0, 0.25, 0.5, 0.75, 1].map((part) => (
        <span key={part}>{text(props.since + part * wide)}</span>
      ))}
    </div>
  );
}
