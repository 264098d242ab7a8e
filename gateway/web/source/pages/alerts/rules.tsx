// All rules by their groups, with how their last evaluation was.
import { useParameter } from "../../address";
import { duration, written } from "../../units";
import { wording } from "../../words";
import { Badge, Trouble } from "../../parts/small";
import { useRules } from "./data";
import { hasWords, moment, type Kind, type Rule, type RuleGroup } from "./model";
import { Empty, Loading, Severity, Target, When, Written } from "./text";
import { say } from "./words";

const here = wording({
  nothing: ["No rules", "没有规则"],
  nothingText: [
    "Start the gateway with --rules FILE, or with --rule-packs all.",
    "请用 --rules FILE 或 --rule-packs all 启动网关。",
  ],
  kind: ["Kind", "类型"],
  alerting: ["Alerts", "告警"],
  recording: ["Recording", "记录"],
  health: ["Health", "健康"],
  ok: ["ok", "正常"],
  err: ["error", "错误"],
  unknown: ["not yet evaluated", "尚未求值"],
  everything: ["{0} rules in {1} groups, {2} with errors", "{1} 组共 {0} 条规则，{2} 条有错误"],
  every: ["every {0}", "每 {0}"],
  last: ["last", "上次"],
  took: ["took {0}", "耗时 {0}"],
  rule: ["Rule", "规则"],
  expression: ["Expression", "表达式"],
  explore: ["Look at {0} on the page of queries", "在查询页查看 {0}"],
  evaluated: ["Evaluated", "求值"],
  duration: ["Took", "耗时"],
  for: ["for {0}", "持续 {0}"],
  keep: ["keeps firing for {0}", "保持触发 {0}"],
  fold: ["Fold all", "全部折叠"],
  unfold: ["Unfold all", "全部展开"],
});

const HEALTHS: Record<Rule["health"], Kind> = { ok: "good", err: "bad", unknown: "dim" };
const STATES: Record<string, Kind> = { firing: "bad", pending: "warn" };

export function Rules() {
  const rules = useRules(15);
  const [search, setSearch] = useParameter("q");
  const [health, setHealth] = useParameter("health");
  const [kind, setKind] = useParameter("kind");
  const [fold, setFold] = useParameter("fold");
  if (!rules.data) return rules.error ? <Trouble error={rules.error} /> : <Loading />;
  const all = rules.data.flatMap((group) => group.rules);
  if (!all.length) return <Empty title={here("nothing")} text={here("nothingText")} />;
  const groups = rules.data
    .map((group) => ({ ...group, rules: group.rules.filter((rule) => fits(rule, group, { search, health, kind })) }))
    .filter((group) => group.rules.length);
  const broken = all.filter((rule) => rule.health === "err").length;
  return (
    <>
      <Trouble error={rules.error} />
      <div class="bar">
        <input
          class="al-find"
          type="search"
          placeholder={say("search")}
          aria-label={say("search")}
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value, true)}
        />
        <select aria-label={here("kind")} value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
          <option value="">{`${here("kind")}: ${say("all")}`}</option>
          <option value="alerting">{here("alerting")}</option>
          <option value="recording">{here("recording")}</option>
        </select>
        <select aria-label={here("health")} value={health} onChange={(event) => setHealth(event.currentTarget.value)}>
          <option value="">{`${here("health")}: ${say("all")}`}</option>
          {(Object.keys(HEALTHS) as Rule["health"][]).map((each) => (
            <option key={each} value={each}>
              {here(each)}
            </option>
          ))}
        </select>
        <button type="button" onClick={() => setFold(fold ? "" : "1")}>
          {here(fold ? "unfold" : "fold")}
        </button>
        <span class="dim push">{here("everything", all.length, rules.data.length, broken)}</span>
      </div>
      {groups.length ? null : <Empty title={say("nothingFound")} />}
      {groups.map((group) => (
        <Group key={`${group.file} ${group.name} ${fold}`} group={group} open={!fold} />
      ))}
    </>
  );
}

function fits(rule: Rule, group: RuleGroup, wanted: { search: string; health: string; kind: string }): boolean {
  return (
    (!wanted.health || rule.health === wanted.health) &&
    (!wanted.kind || rule.type === wanted.kind) &&
    hasWords(
      [
        rule.name,
        rule.query,
        group.name,
        group.file,
        ...Object.values(rule.labels ?? {}),
        ...Object.values(rule.annotations ?? {}),
      ],
      wanted.search,
    )
  );
}

function Group(props: { group: RuleGroup; open: boolean }) {
  const { group } = props;
  const file = group.file.split("/").pop() ?? group.file;
  return (
    <details class="box al-rules" open={props.open}>
      <summary>
        <h2>{group.name}</h2>
        <span class="dim" title={group.file}>
          {file} · {here("every", duration(group.interval))} · {here("last")}{" "}
          <When time={moment(group.lastEvaluation)} /> · {here("took", written(group.evaluationTime, "seconds"))}
        </span>
      </summary>
      <div class="scroll">
        <table>
          <caption class="hidden">{group.name}</caption>
          <thead>
            <tr>
              <th>{here("rule")}</th>
              <th>{here("health")}</th>
              <th>{here("expression")}</th>
              <th class="numeric">{here("evaluated")}</th>
              <th class="numeric">{here("duration")}</th>
            </tr>
          </thead>
          <tbody>
            {group.rules.map((rule, place) => (
              <Row key={place} rule={rule} />
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function Row({ rule }: { rule: Rule }) {
  const runbook = rule.annotations?.runbook_url ?? rule.annotations?.runbook;
  const state = STATES[rule.state ?? ""];
  return (
    <tr>
      <td>
        <div class="al-labels">
          <strong>{rule.name}</strong>
          <Severity labels={rule.labels ?? {}} />
          {state ? <Badge kind={state}>{say(rule.state === "firing" ? "firing" : "pending")}</Badge> : null}
        </div>
        <div class="dim al-small">
          {rule.type === "recording" ? here("recording") : here("for", duration(rule.duration ?? 0))}
          {rule.keepFiringFor ? ` · ${here("keep", duration(rule.keepFiringFor))}` : ""}
        </div>
        {runbook ? (
          <div class="al-small">
            <Target to={runbook} />
          </div>
        ) : null}
      </td>
      <td>
        <Badge kind={HEALTHS[rule.health] ?? "dim"}>{here(rule.health)}</Badge>
      </td>
      <td class="wrap al-query">
        <a href={`/explore?${new URLSearchParams({ expr: rule.query })}`} title={here("explore", rule.name)}>
          <code>{rule.query}</code>
        </a>
        {rule.annotations?.description ? (
          <div class="dim al-small">
            <Written text={rule.annotations.description} />
          </div>
        ) : null}
        {rule.lastError ? <p class="trouble">{rule.lastError}</p> : null}
      </td>
      <td class="numeric">
        <When time={moment(rule.lastEvaluation)} />
      </td>
      <td class="numeric">{moment(rule.lastEvaluation) ? written(rule.evaluationTime, "seconds") : "–"}</td>
    </tr>
  );
}
