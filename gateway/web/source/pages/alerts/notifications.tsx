// Who was told, and what became of it; and a test of each receiver.
import { useState } from "preact/hooks";
import { ask, Refused } from "../../api";
import { useParameter } from "../../address";
import { useLoaded } from "../../load";
import { written } from "../../units";
import { wording } from "../../words";
import { Badge, Table, Trouble, type Column } from "../../parts/small";
import { useActs } from "./acts";
import { LIVE, useConfigured } from "./data";
import { HowToTell } from "./firing";
import type { Kind } from "./model";
import { Empty, Loading, When } from "./text";
import { say } from "./words";

const here = wording({
  nothing: ["Nothing was told yet", "尚未发送通知"],
  nothingText: [
    "Each message to a receiver will stand here, with what became of it.",
    "发送给接收者的每条消息及其结果都会显示在这里。",
  ],
  everyone: ["All receivers", "全部接收者"],
  every: ["All outcomes", "全部结果"],
  outcome: ["Outcome", "结果"],
  test: ["Send a test", "发送测试"],
  testing: ["Sending …", "发送中……"],
  noTest: ["This gateway can't send tests.", "此网关不支持发送测试。"],
  noWays: ["This receiver has no way to be told.", "该接收者没有任何通知方式。"],
  took: ["taken", "已接收"],
  time: ["Time", "时间"],
  receiver: ["Receiver", "接收者"],
  way: ["Way", "方式"],
  reason: ["Why", "原因"],
  about: ["Group", "分组"],
  alerts: ["Alerts", "告警数"],
  attempts: ["Tries", "尝试次数"],
  seconds: ["Took", "耗时"],
  sent: ["sent", "已发送"],
  retrying: ["retrying", "重试中"],
  failed: ["failed", "失败"],
  dropped: ["dropped", "已丢弃"],
  log: ["Delivery log", "投递记录"],
});

const OUTCOMES = { sent: "good", retrying: "warn", failed: "bad", dropped: "bad" } as const satisfies Record<
  string,
  Kind
>;
type Outcome = keyof typeof OUTCOMES;

interface Delivery {
  time: number;
  receiver: string;
  integration: string;
  outcome: Outcome;
  reason: string;
  group: string;
  alerts: number;
  firing: number;
  attempts: number;
  seconds: number;
  error: string;
}

interface Tried {
  integration: string;
  ok: boolean;
  error?: string;
}

const MOST = 500;

export function Notifications() {
  const configured = useConfigured();
  const [receiver, setReceiver] = useParameter("receiver");
  const [outcome, setOutcome] = useParameter("outcome");
  const [order, setOrder] = useParameter("order", "-time");
  const log = useLoaded(
    `log ${receiver}`,
    (signal) => ask<Delivery[]>("/api/v1/notifications", { params: { receiver, limit: MOST }, signal }),
    LIVE,
  );
  const rows = (log.data ?? []).filter((each) => !outcome || each.outcome === outcome);
  const receivers = configured.data?.receivers ?? [];
  return (
    <>
      <Trouble error={log.error ?? configured.error} />
      {configured.data && !configured.data.tells ? (
        <HowToTell />
      ) : configured.data ? (
        <Receivers names={receivers} />
      ) : null}
      <div class="bar">
        <h2>{here("log")}</h2>
        <select
          aria-label={here("receiver")}
          value={receiver}
          onChange={(event) => setReceiver(event.currentTarget.value)}
        >
          <option value="">{here("everyone")}</option>
          {receivers.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
        <select
          aria-label={here("outcome")}
          value={outcome}
          onChange={(event) => setOutcome(event.currentTarget.value)}
        >
          <option value="">{here("every")}</option>
          {(Object.keys(OUTCOMES) as Outcome[]).map((each) => (
            <option key={each} value={each}>
              {here(each)}
            </option>
          ))}
        </select>
      </div>
      {!log.data ? (
        log.error ? null : (
          <Loading />
        )
      ) : rows.length ? (
        <div class="box">
          <Table
            caption={here("log")}
            columns={COLUMNS}
            rows={rows}
            id={(row) => `${row.time} ${row.receiver} ${row.integration} ${row.group}`}
            order={order}
            onOrder={setOrder}
          />
        </div>
      ) : receiver || outcome ? (
        <Empty title={say("nothingFound")} />
      ) : (
        <Empty title={here("nothing")} text={here("nothingText")} />
      )}
    </>
  );
}

function Receivers(props: { names: readonly string[] }) {
  const { me } = useActs();
  const [can, setCan] = useState(true);
  return (
    <section class="box al-group" aria-label={say("receivers")}>
      {props.names.map((name) => (
        <Receiver key={name} name={name} can={can && me.edits} onMissing={() => setCan(false)} />
      ))}
      {can ? null : <p class="dim">{here("noTest")}</p>}
    </section>
  );
}

function Receiver(props: { name: string; can: boolean; onMissing: () => void }) {
  const [busy, setBusy] = useState(false);
  const [tried, setTried] = useState<Tried[]>();
  const [error, setError] = useState<Error>();
  const test = async () => {
    setBusy(true);
    setError(undefined);
    setTried(undefined);
    try {
      setTried(await ask<Tried[]>("/api/v1/notifications/test", { method: "POST", body: { receiver: props.name } }));
    } catch (failure) {
      if (failure instanceof Refused && failure.status === 404) props.onMissing();
      else setError(failure as Error);
    }
    setBusy(false);
  };
  return (
    <div class="al-row">
      <div class="al-line">
        <strong>{props.name}</strong>
        <span class="al-labels" role="status">
          {tried?.map((each) => (
            <span key={each.integration}>
              <Badge kind={each.ok ? "good" : "bad"}>{each.integration}</Badge> {each.ok ? here("took") : each.error}
            </span>
          ))}
          {tried?.length === 0 ? here("noWays") : null}
        </span>
        {props.can ? (
          <span class="al-side">
            <button
              type="button"
              disabled={busy}
              aria-label={`${here("test")}: ${props.name}`}
              onClick={() => void test()}
            >
              {here(busy ? "testing" : "test")}
            </button>
          </span>
        ) : null}
      </div>
      <Trouble error={error} />
    </div>
  );
}

function About({ row }: { row: Delivery }) {
  return (
    <>
      <code class="al-command" title={row.group}>
        {row.group}
      </code>
      {row.error ? <span class="al-error">{row.error}</span> : null}
    </>
  );
}

const COLUMNS: readonly Column<Delivery>[] = [
  { key: "time", title: here("time"), by: (row) => row.time, cell: (row) => <When time={row.time} /> },
  {
    key: "outcome",
    title: here("outcome"),
    by: (row) => row.outcome,
    cell: (row) => <Badge kind={OUTCOMES[row.outcome] ?? "dim"}>{here(row.outcome)}</Badge>,
  },
  { key: "receiver", title: here("receiver"), by: (row) => row.receiver, cell: (row) => row.receiver },
  { key: "way", title: here("way"), by: (row) => row.integration, cell: (row) => row.integration },
  { key: "reason", title: here("reason"), by: (row) => row.reason, cell: (row) => row.reason },
  { key: "about", title: here("about"), by: (row) => row.group, cell: (row) => <About row={row} /> },
  { key: "alerts", title: here("alerts"), numeric: true, by: (row) => row.alerts, cell: (row) => row.alerts },
  { key: "attempts", title: here("attempts"), numeric: true, by: (row) => row.attempts, cell: (row) => row.attempts },
  {
    key: "seconds",
    title: here("seconds"),
    numeric: true,
    by: (row) => row.seconds,
    cell: (row) => written(row.seconds, "seconds"),
  },
];
