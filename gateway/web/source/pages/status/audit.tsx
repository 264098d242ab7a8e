// The audit: every change and every log-in, the newest first, page by page.
import { ask } from "../../api";
import { setParameters, useParameter } from "../../address";
import { useLoaded } from "../../load";
import { Table, Trouble, type Column } from "../../parts/small";
import { written } from "../../units";
import { wording } from "../../words";
import { Loading } from "./parts";

const say = wording({
  audit: ["Changes and log-ins", "变更与登录"],
  time: ["Time", "时间"],
  actor: ["Who", "操作者"],
  address: ["From", "来源"],
  action: ["What", "操作"],
  subject: ["Of what", "对象"],
  detail: ["What came of it", "结果"],
  empty: ["Nothing was changed yet.", "尚无变更。"],
  end: ["There is nothing earlier.", "没有更早的记录。"],
  newest: ["Newest", "最新"],
  earlier: ["Earlier", "更早"],
});

interface Entry {
  number: number;
  time: number;
  actor: string;
  address: string;
  action: string;
  subject: string;
  detail: string;
}

const PAGE = 100;

const COLUMNS: readonly Column<Entry>[] = [
  { key: "time", title: say("time"), cell: (entry) => written(entry.time, "time") },
  { key: "actor", title: say("actor"), cell: (entry) => entry.actor },
  { key: "address", title: say("address"), cell: (entry) => entry.address },
  { key: "action", title: say("action"), cell: (entry) => <code>{entry.action}</code> },
  { key: "subject", title: say("subject"), cell: (entry) => entry.subject },
  { key: "detail", title: say("detail"), cell: (entry) => entry.detail },
];

export function Audit() {
  const [before] = useParameter("before");
  const entries = useLoaded(
    `audit ${before}`,
    (signal) => ask<Entry[]>("/api/v1/audit", { params: { limit: PAGE, before }, signal }),
    before ? 0 : 15,
  );
  const last = entries.data?.at(-1);
  return (
    <section class="box">
      <h2>{say("audit")}</h2>
      <Trouble error={entries.error} />
      {entries.data || entries.error ? null : <Loading />}
      {entries.data?.length === 0 ? <p class="dim">{before ? say("end") : say("empty")}</p> : null}
      {entries.data?.length ? (
        <Table
          caption={say("audit")}
          columns={COLUMNS}
          rows={entries.data}
          id={(entry) => String(entry.number)}
          order=""
          onOrder={() => undefined}
        />
      ) : null}
      <div class="bar buttons more">
        {before ? (
          <button type="button" onClick={() => setParameters({ before: "" })}>
            {say("newest")}
          </button>
        ) : null}
        {last && entries.data?.length === PAGE ? (
          <button type="button" onClick={() => setParameters({ before: String(last.number) })}>
            {say("earlier")}
          </button>
        ) : null}
      </div>
    </section>
  );
}
