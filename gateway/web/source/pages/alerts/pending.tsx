// What waits for its `for`: the query finds it, and it has not fired yet.
import { useParameter } from "../../address";
import { duration, number } from "../../units";
import { wording } from "../../words";
import { Table, Trouble, type Column } from "../../parts/small";
import { LIVE, useRuleAlerts, useRules } from "./data";
import { found, hostOf, labelsKey, moment, nameOf, severityRank, type RuleAlert } from "./model";
import { Empty, Labels, Loading, Severity, When, Written } from "./text";
import { say } from "./words";

const here = wording({
  nothing: ["Nothing is pending", "没有待触发的告警"],
  nothingText: [
    "Alerts wait here for as long as their rule says (`for`) before they fire.",
    "告警在触发前会按规则的 for 时长在此等待。",
  ],
  fires: ["Fires in", "距触发"],
  soon: ["at once", "即将"],
  severity: ["Severity", "级别"],
  summary: ["Summary", "摘要"],
});

interface Waiting extends RuleAlert {
  /** Seconds until it fires; null when its rule is not known. */
  left: number | null;
}

export function Pending() {
  const alerts = useRuleAlerts();
  const rules = useRules(LIVE * 6);
  const [search, setSearch] = useParameter("q");
  const [order, setOrder] = useParameter("order", "left");
  if (!alerts.data) return alerts.error ? <Trouble error={alerts.error} /> : <Loading />;
  const waits = new Map(
    (rules.data ?? []).flatMap((group) => group.rules).map((rule) => [rule.name, rule.duration ?? 0]),
  );
  const now = Date.now() / 1000;
  const rows: Waiting[] = alerts.data
    .filter((each) => each.state === "pending")
    .map((each) => {
      const wait = waits.get(nameOf(each.labels));
      return { ...each, left: wait === undefined ? null : Math.max(moment(each.activeAt) + wait - now, 0) };
    });
  const shown = rows.filter((each) => found(each, search));
  return (
    <>
      <Trouble error={alerts.error} />
      {rows.length ? (
        <>
          <div class="bar">
            <input
              class="al-find"
              type="search"
              placeholder={say("search")}
              aria-label={say("search")}
              value={search}
              onInput={(event) => setSearch(event.currentTarget.value, true)}
            />
          </div>
          {shown.length ? (
            <div class="box">
              <Table
                caption={say("pending")}
                columns={COLUMNS}
                rows={shown}
                id={(row) => labelsKey(row.labels)}
                order={order}
                onOrder={setOrder}
              />
            </div>
          ) : (
            <Empty title={say("nothingFound")} />
          )}
        </>
      ) : (
        <Empty title={here("nothing")} text={here("nothingText")} />
      )}
    </>
  );
}

const COLUMNS: readonly Column<Waiting>[] = [
  {
    key: "name",
    title: say("byName"),
    by: (row) => nameOf(row.labels),
    cell: (row) => <strong>{nameOf(row.labels)}</strong>,
  },
  {
    key: "severity",
    title: here("severity"),
    by: (row) => severityRank(row.labels),
    cell: (row) => <Severity labels={row.labels} />,
  },
  { key: "host", title: say("host"), by: (row) => hostOf(row.labels), cell: (row) => hostOf(row.labels) },
  {
    key: "since",
    title: say("since"),
    by: (row) => moment(row.activeAt),
    cell: (row) => <When time={moment(row.activeAt)} />,
  },
  {
    key: "left",
    title: here("fires"),
    numeric: true,
    by: (row) => row.left ?? Infinity,
    cell: (row) => (row.left === null ? "–" : row.left < 1 ? here("soon") : duration(row.left)),
  },
  {
    key: "value",
    title: say("value"),
    numeric: true,
    by: (row) => Number(row.value),
    cell: (row) => number(Number(row.value)),
  },
  {
    key: "summary",
    title: here("summary"),
    cell: (row) => (
      <>
        <Written text={row.annotations.summary ?? ""} />{" "}
        <Labels labels={row.labels} except={{ alertname: "", severity: "", instance: "" }} />
      </>
    ),
  },
];
