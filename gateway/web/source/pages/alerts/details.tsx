// One alert with all that is known: its texts, who is told, why it is quiet, and the evidence.
import type { ComponentChildren } from "preact";
import { number, written } from "../../units";
import { wording } from "../../words";
import { Evidence, hostAt } from "./evidence";
import { hostOf, matcherText, moment, nameOf, webAddress, type Alert, type Silence } from "./model";
import { Labels, Source, Target, When, Written } from "./text";
import { say } from "./words";

const here = wording({
  silencedBy: ["Silenced by {0} until {1}", "由 {0} 静默至 {1}"],
  inhibitedBy: ["Inhibited while {0} fires", "在 {0} 触发期间被抑制"],
  other: ["another alert", "另一条告警"],
  description: ["What it means", "说明"],
  past: ["What it did before", "以往记录"],
  annotations: ["Annotations", "注解"],
  noEvidence: [
    "Nothing is frozen for this alert: no agent tells the processes of its host.",
    "此告警没有留存现场：该主机没有代理上报进程。",
  ],
});

const SAID = ["summary", "description", "message", "runbook", "runbook_url"];

interface Props {
  alert: Alert;
  alerts: readonly Alert[];
  silences: readonly Silence[];
  hosts: ReadonlySet<string>;
  value: number | undefined;
}

export function Details({ alert, alerts, silences, hosts, value }: Props) {
  const { labels, annotations, status, evidence } = alert;
  const since = moment(alert.startsAt);
  const host = hostOf(labels);
  const runbook = annotations.runbook_url ?? annotations.runbook;
  const description = annotations.description ?? annotations.message;
  const others = Object.entries(annotations).filter(([name]) => !SAID.includes(name));
  const past = `/alerts?${new URLSearchParams({ tab: "history", range: "7d", name: nameOf(labels) })}`;
  return (
    <div class="al-details">
      <dl class="al-facts">
        {description ? (
          <Fact name={here("description")}>
            <span class="al-lines">
              <Written text={description} />
            </span>
          </Fact>
        ) : null}
        {others.map(([name, text]) => (
          <Fact key={name} name={name}>
            <Written text={text} />
          </Fact>
        ))}
        <Fact name={say("since")}>
          {written(since, "time")} (<When time={since} />)
        </Fact>
        {value === undefined ? null : <Fact name={say("value")}>{number(value, 6)}</Fact>}
        <Fact name={say("labels")}>
          <Labels labels={labels} />
        </Fact>
        {status.silencedBy.length + status.inhibitedBy.length ? (
          <Fact name={say("state")}>
            {status.silencedBy.map((id) => (
              <SilencedBy key={id} id={id} silence={silences.find((each) => each.id === id)} />
            ))}
            {status.inhibitedBy.map((id) => {
              const by = alerts.find((each) => each.fingerprint === id);
              return (
                <div key={id}>
                  {here("inhibitedBy", by ? `${nameOf(by.labels)} ${hostOf(by.labels)}`.trim() : here("other"))}
                </div>
              );
            })}
          </Fact>
        ) : null}
        <Fact name={say("receivers")}>{alert.receivers.map((each) => each.name).join(", ") || "–"}</Fact>
        {runbook ? (
          <Fact name={say("runbook")}>
            <Target to={runbook} />
          </Fact>
        ) : null}
        <Fact name={say("history")}>
          <a href={past}>{here("past")}</a>
          {hosts.has(host) ? (
            <>
              {" · "}
              <a href={hostAt(host, since)}>{say("hostThen", host)}</a>
            </>
          ) : null}
          {webAddress(alert.generatorURL) ? (
            <>
              {" · "}
              <Source address={alert.generatorURL} isOwn={value !== undefined} />
            </>
          ) : null}
        </Fact>
      </dl>
      <h3>{say("evidence")}</h3>
      {evidence ? <Evidence number={evidence.history} /> : <p class="dim">{here("noEvidence")}</p>}
    </div>
  );
}

export function Fact(props: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

function SilencedBy(props: { id: string; silence: Silence | undefined }) {
  const { id, silence } = props;
  const link = `/alerts?${new URLSearchParams({ tab: "silences", open: id })}`;
  return (
    <div>
      <a href={link} title={silence?.matchers.map(matcherText).join(" ") ?? id}>
        {here("silencedBy", silence?.createdBy || "–", silence ? written(moment(silence.endsAt), "time") : "–")}
      </a>
      {silence?.comment ? (
        <>
          {": "}
          <Written text={silence.comment} />
        </>
      ) : null}
    </div>
  );
}
