// What fires: grouped by alert or by host, and each alert with all that is known of it.
import { useMemo } from "preact/hooks";
import { setParameters, useParameter } from "../../address";
import { number } from "../../units";
import { Badge, Trouble } from "../../parts/small";
import { wording } from "../../words";
import { useActs } from "./acts";
import { useConfigured, useHosts, useRules, useRuleAlerts, useSilences, valuesOf } from "./data";
import { Details } from "./details";
import {
  found,
  grouped,
  hostLabel,
  hostOf,
  labelsKey,
  moment,
  nameOf,
  type Alert,
  type Group,
  type Silence,
} from "./model";
import { SilenceButton } from "./silencing";
import { Empty, Labels, Loading, Severity, When } from "./text";
import { say } from "./words";

const here = wording({
  nothing: ["Nothing fires", "没有告警触发"],
  nothingText: [
    "{0} rules are watched; what fires will show up here within seconds.",
    "正在监视 {0} 条规则；触发的告警会在几秒内显示在这里。",
  ],
  noRules: [
    "There are no rules yet: start the gateway with --rules FILE, or with --rule-packs all.",
    "尚无规则：请用 --rules FILE 或 --rule-packs all 启动网关。",
  ],
  broken: ["Rules that can't be evaluated: {0}", "无法求值的规则：{0} 条"],
  show: ["Show", "查看"],
  nobody: [
    "Nobody is told of alerts: no receiver is set up. Give the gateway a configuration file of Alertmanager:",
    "没有人会收到告警：未配置接收者。请为网关指定 Alertmanager 配置文件：",
  ],
  states: ["Which", "范围"],
  count: ["{0} alerts", "{0} 条告警"],
  rest: ["Show all {0}", "显示全部 {0} 条"],
  open: ["Details of {0}", "{0} 的详情"],
});

const FEW = 20;
const STATES = ["all", "active", "silenced", "inhibited"] as const;

export function stateOf(alert: Alert): "active" | "silenced" | "inhibited" {
  if (alert.status.silencedBy.length) return "silenced";
  return alert.status.inhibitedBy.length ? "inhibited" : "active";
}

export function Firing(props: { alerts: readonly Alert[] | undefined; error: Error | undefined }) {
  const { me, turn } = useActs();
  const [by] = useParameter("by", "name");
  const [search] = useParameter("q");
  const [state] = useParameter("state", "all");
  const values = valuesOf(useRuleAlerts(me.isConfined).data);
  const silences = useSilences(turn, me.isConfined);
  const hosts = useHosts();
  const alerts = props.alerts;
  const groups = useMemo(() => {
    const rows = (alerts ?? []).filter((each) => (state === "all" || stateOf(each) === state) && found(each, search));
    return grouped(rows, by);
  }, [alerts, by, search, state]);
  return (
    <>
      {me.isConfined ? null : <Health />}
      <Trouble error={props.error} />
      {!alerts ? (
        props.error ? null : (
          <Loading />
        )
      ) : alerts.length ? (
        <Bar alerts={alerts} />
      ) : me.isConfined ? (
        <Empty title={`✓ ${here("nothing")}`} />
      ) : (
        <Nothing />
      )}
      {alerts?.length && !groups.length ? <Empty title={say("nothingFound")} /> : null}
      {groups.map((group) => (
        <OneGroup
          key={group.key}
          by={by}
          group={group}
          alerts={alerts ?? []}
          values={values}
          silences={silences.data ?? []}
          hosts={hosts}
        />
      ))}
    </>
  );
}

function Nothing() {
  const rules = useRules(60);
  const count = (rules.data ?? []).reduce((sum, group) => sum + group.rules.length, 0);
  return (
    <Empty title={`✓ ${here("nothing")}`} text={count || !rules.data ? here("nothingText", count) : here("noRules")} />
  );
}

/** What is wrong with alerting itself. */
function Health() {
  const rules = useRules(15);
  const configured = useConfigured();
  const broken = (rules.data ?? []).flatMap((group) => group.rules).filter((rule) => rule.health === "err").length;
  return (
    <>
      {configured.data && !configured.data.tells ? <HowToTell /> : null}
      {broken ? (
        <p class="al-note warn">
          {here("broken", broken)} · <a href="/alerts?tab=rules&health=err">{here("show")}</a>
        </p>
      ) : null}
    </>
  );
}

export function HowToTell() {
  return (
    <p class="al-note">
      {here("nobody")} <code>fleetgauge gateway --alertmanager-config alertmanager.yml</code>
    </p>
  );
}

function Bar(props: { alerts: readonly Alert[] }) {
  const [by, setBy] = useParameter("by", "name");
  const [search, setSearch] = useParameter("q");
  const [state, setState] = useParameter("state", "all");
  const count = (wanted: string) => props.alerts.filter((each) => wanted === "all" || stateOf(each) === wanted).length;
  return (
    <div class="bar">
      <div class="al-choice" role="group" aria-label={say("group")}>
        {(["name", "host"] as const).map((each) => (
          <button key={each} type="button" aria-pressed={by === each} onClick={() => setBy(each)}>
            {say(each === "name" ? "byName" : "byHost")}
          </button>
        ))}
      </div>
      <div class="al-choice" role="group" aria-label={here("states")}>
        {STATES.map((each) => (
          <button key={each} type="button" aria-pressed={state === each} onClick={() => setState(each)}>
            {say(each)} <span class="dim">{count(each)}</span>
          </button>
        ))}
      </div>
      <input
        class="push al-find"
        type="search"
        placeholder={say("search")}
        aria-label={say("search")}
        value={search}
        onInput={(event) => setSearch(event.currentTarget.value, true)}
      />
    </div>
  );
}

interface GroupProps {
  by: string;
  group: Group<Alert>;
  alerts: readonly Alert[];
  values: ReadonlyMap<string, number>;
  silences: readonly Silence[];
  hosts: ReadonlySet<string>;
}

function OneGroup(props: GroupProps) {
  const { group, by, hosts } = props;
  const [whole, setWhole] = useParameter("whole");
  const rows = whole === group.key ? group.rows : group.rows.slice(0, FEW);
  const ticked = by === "host" ? hostLabel(group.common) : "alertname";
  const isHost = by === "host" && hosts.has(group.title);
  const shown = by === "host" ? { [ticked]: group.title } : { ...group.common, severity: group.common.severity ?? "" };
  if (by !== "host" && group.rows.length === 1) {
    return (
      <section class="box al-group" aria-label={group.title}>
        {rows.map((alert) => (
          <Row key={alert.fingerprint} {...props} alert={alert} said={{ severity: "" }} isAlone />
        ))}
      </section>
    );
  }
  return (
    <section class="box al-group" aria-label={group.title}>
      <div class="al-head">
        <h2>
          {isHost ? (
            <a href={`/agents/${encodeURIComponent(group.title)}`}>{group.title}</a>
          ) : (
            group.title || say(by === "host" ? "noHost" : "noName")
          )}
        </h2>
        {by === "host" ? null : <Severity labels={group.common} />}
        {group.rows.length > 1 ? <span class="dim">{here("count", group.rows.length)}</span> : null}
        {group.rows.length > 1 && group.common[ticked] ? (
          <span class="push">
            <SilenceButton labels={group.common} ticked={[ticked]} alerts={props.alerts} what={group.title} />
          </span>
        ) : null}
      </div>
      {rows.map((alert) => (
        <Row key={alert.fingerprint} {...props} alert={alert} said={shown} />
      ))}
      {group.rows.length > rows.length ? (
        <button type="button" onClick={() => setWhole(group.key, true)}>
          {here("rest", group.rows.length)}
        </button>
      ) : null}
    </section>
  );
}

function Row(props: GroupProps & { alert: Alert; said: Record<string, string>; isAlone?: boolean }) {
  const { alert, by, isAlone } = props;
  const [open] = useParameter("open");
  const isOpen = open === alert.fingerprint;
  const value = props.values.get(labelsKey(alert.labels));
  const state = stateOf(alert);
  const host = hostOf(alert.labels);
  const name = nameOf(alert.labels);
  const title = by === "host" || isAlone ? name : host || name;
  const except = { ...props.said, alertname: "", severity: "", [hostLabel(alert.labels)]: "" };
  return (
    <article class={`al-row ${state}`}>
      <div class="al-line">
        <button
          type="button"
          class="al-fold"
          aria-expanded={isOpen}
          title={here("open", title)}
          onClick={() => setParameters({ open: isOpen ? "" : alert.fingerprint, processes: "", all: "" })}
        >
          <span aria-hidden="true">{isOpen ? "▾" : "▸"}</span>
          <strong>{title || say("noName")}</strong>
          {isAlone ? <span>{host}</span> : null}
        </button>
        {by === "host" || isAlone || !props.group.common.severity ? <Severity labels={alert.labels} /> : null}
        {state === "active" ? null : <Badge kind="dim">{say(state)}</Badge>}
        <span class="al-what">{alert.annotations.summary ?? ""}</span>
        <Labels labels={alert.labels} except={except} />
        {alert.evidence?.summary && !isOpen ? <span class="al-hint dim">{alert.evidence.summary}</span> : null}
        <span class="al-side">
          {value === undefined ? null : <span title={say("value")}>{number(value)}</span>}
          <span class="dim">
            <When time={moment(alert.startsAt)} />
          </span>
          <SilenceButton
            labels={alert.labels}
            ticked={Object.keys(alert.labels)}
            alerts={props.alerts}
            what={`${name} ${host}`.trim()}
          />
        </span>
      </div>
      {isOpen ? <Details {...props} value={value} /> : null}
    </article>
  );
}
