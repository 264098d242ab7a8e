// Where alerts go: receivers of the configuration in use, and Alertmanagers that are told of them.
import { ask, askBare } from "../../api";
import { useLoaded } from "../../load";
import { Badge, Table, Trouble, type Column } from "../../parts/small";
import { written } from "../../units";
import { wording } from "../../words";
import { Copied, Loading } from "./parts";

const say = wording({
  receivers: ["Receivers", "接收者"],
  none: ["No receiver.", "没有接收者。"],
  managers: ["Alertmanagers", "Alertmanager 列表"],
  noManagers: ["None: the gateway tells receivers itself.", "无：网关自行通知接收者。"],
  active: ["in use", "使用中"],
  dropped: ["left out", "已忽略"],
  config: ["Configuration in use, without its secrets", "当前配置（不含机密）"],
  told: ["What they were told", "通知记录"],
  noTold: ["Nothing was told yet.", "尚未发送通知。"],
  time: ["Time", "时间"],
  receiver: ["Receiver", "接收者"],
  outcome: ["Outcome", "结果"],
  alerts: ["Alerts", "告警数"],
  attempts: ["Attempts", "尝试次数"],
  error: ["Error", "错误"],
});

interface Managers {
  activeAlertmanagers: { url: string }[];
  droppedAlertmanagers: { url: string }[];
}

interface Told {
  time: number;
  receiver: string;
  integration: string;
  outcome: "sent" | "retrying" | "failed" | "dropped";
  reason: string;
  group: string;
  alerts: number;
  attempts: number;
  error: string;
}

const OUTCOME = { sent: "good", retrying: "warn", failed: "bad", dropped: "dim" } as const;

const COLUMNS: readonly Column<Told>[] = [
  { key: "time", title: say("time"), cell: (told) => written(told.time, "time") },
  { key: "receiver", title: say("receiver"), cell: (told) => `${told.receiver} / ${told.integration}` },
  {
    key: "outcome",
    title: say("outcome"),
    cell: (told) => <Badge kind={OUTCOME[told.outcome] ?? "dim"}>{told.outcome}</Badge>,
  },
  { key: "alerts", title: say("alerts"), cell: (told) => told.alerts, numeric: true },
  { key: "attempts", title: say("attempts"), cell: (told) => told.attempts, numeric: true },
  { key: "error", title: say("error"), cell: (told) => told.error },
];

export function Receivers() {
  const status = useLoaded("am", (signal) => askBare<{ config: { original: string } }>("/api/v2/status", { signal }));
  const names = useLoaded("receivers", (signal) => askBare<{ name: string }[]>("/api/v2/receivers", { signal }));
  const managers = useLoaded("managers", (signal) => ask<Managers>("/api/v1/alertmanagers", { signal }), 15);
  const told = useLoaded(
    "told",
    (signal) => ask<Told[]>("/api/v1/notifications", { params: { limit: 50 }, signal }),
    15,
  );
  const urls = [
    ...(managers.data?.activeAlertmanagers ?? []).map(({ url }) => ({ url, isActive: true })),
    ...(managers.data?.droppedAlertmanagers ?? []).map(({ url }) => ({ url, isActive: false })),
  ];
  return (
    <>
      <Trouble error={status.error ?? names.error ?? managers.error ?? told.error} />
      <div class="grid">
        <section class="box">
          <h2>{say("receivers")}</h2>
          {names.data || names.error ? null : <Loading />}
          {names.data?.length === 0 ? <p class="dim">{say("none")}</p> : null}
          <ul class="plain">
            {(names.data ?? []).map(({ name }) => (
              <li key={name}>{name}</li>
            ))}
          </ul>
        </section>
        <section class="box">
          <h2>{say("managers")}</h2>
          {managers.data && !urls.length ? <p class="dim">{say("noManagers")}</p> : null}
          <ul class="plain">
            {urls.map(({ url, isActive }) => (
              <li key={url}>
                <code>{url}</code>{" "}
                <Badge kind={isActive ? "good" : "dim"}>{isActive ? say("active") : say("dropped")}</Badge>
              </li>
            ))}
          </ul>
        </section>
      </div>
      <section class="box">
        <h2>{say("told")}</h2>
        {told.data?.length === 0 ? <p class="dim">{say("noTold")}</p> : null}
        {told.data?.length ? (
          <Table
            caption={say("told")}
            columns={COLUMNS}
            rows={told.data}
            id={(each) => `${each.time} ${each.receiver} ${each.integration} ${each.group}`}
            order=""
            onOrder={() => undefined}
          />
        ) : null}
      </section>
      {status.data ? (
        <section class="box">
          <Copied text={status.data.config.original} label={say("config")} />
        </section>
      ) : null}
    </>
  );
}
