// The settings in use, and taking them anew.
import { useState } from "preact/hooks";
import { ask } from "../../api";
import { useParameter } from "../../address";
import { useLoaded } from "../../load";
import { Table, Trouble, type Column } from "../../parts/small";
import { wording } from "../../words";
import { Copied, Fact, Loading, Problems, useAct } from "./parts";

const say = wording({
  version: ["Version", "版本"],
  revision: ["Revision", "修订"],
  host: ["Host", "主机"],
  directory: ["Directory", "目录"],
  started: ["Started", "启动时间"],
  taken: ["Settings taken", "设置加载时间"],
  failed: ["The last reload failed: the settings before it are in use.", "上次重新加载失败：仍在使用之前的设置。"],
  reload: ["Reload settings", "重新加载设置"],
  reloadNote: [
    "Reads file, variables and rule files anew: all of it or nothing.",
    "重新读取文件、环境变量和规则文件：全部生效或全部不生效。",
  ],
  reloaded: ["The settings are in use.", "设置已生效。"],
  flags: ["As flags", "命令行参数"],
  flag: ["Flag", "参数"],
  value: ["Value", "值"],
  find: ["Find settings", "查找设置"],
  config: ["As a file", "配置文件"],
});

interface Running {
  startTime: string;
  CWD: string;
  hostname: string;
  reloadConfigSuccess: boolean;
  lastConfigTime: string;
}

interface Built {
  version: string;
  revision: string;
}

type Flag = [name: string, value: string];

const COLUMNS: readonly Column<Flag>[] = [
  { key: "flag", title: say("flag"), by: ([name]) => name, cell: ([name]) => <code>--{name}</code> },
  { key: "value", title: say("value"), by: ([, value]) => value, cell: ([, value]) => <code>{value}</code> },
];

export function Settings() {
  const [order, setOrder] = useParameter("order");
  const [q, setQ] = useParameter("q");
  const [isDone, setDone] = useState(false);
  const act = useAct();
  const running = useLoaded("runtime", (signal) => ask<Running>("/api/v1/status/runtimeinfo", { signal }));
  const built = useLoaded("built", (signal) => ask<Built>("/api/v1/status/buildinfo", { signal }));
  const flags = useLoaded("flags", (signal) => ask<Record<string, string>>("/api/v1/status/flags", { signal }));
  const config = useLoaded("config", (signal) => ask<{ yaml: string }>("/api/v1/status/config", { signal }));
  const reload = async () => {
    setDone(await act.run(() => ask("/-/reload", { method: "POST" })));
    for (const each of [running, flags, config]) each.again();
  };
  const info = running.data;
  const time = (text: string | undefined) => (text ? new Date(text).toLocaleString() : "–");
  const found = Object.entries(flags.data ?? {}).filter(([name, value]) => `--${name} ${value}`.includes(q));
  return (
    <>
      <Trouble error={running.error ?? built.error ?? flags.error ?? config.error} />
      <dl class="facts box">
        <Fact name={say("version")}>{built.data?.version ?? "–"}</Fact>
        {built.data?.revision ? <Fact name={say("revision")}>{built.data.revision}</Fact> : null}
        <Fact name={say("host")}>{info?.hostname ?? "–"}</Fact>
        <Fact name={say("directory")}>{info?.CWD ?? "–"}</Fact>
        <Fact name={say("started")}>{time(info?.startTime)}</Fact>
        <Fact name={say("taken")}>{time(info?.lastConfigTime)}</Fact>
      </dl>
      <section class="box">
        <div class="bar">
          <button type="button" class="primary" disabled={act.busy} onClick={() => void reload()}>
            {say("reload")}
          </button>
          <span class="dim">{say("reloadNote")}</span>
          <span role="status" class="good">
            {isDone && !act.error ? say("reloaded") : ""}
          </span>
        </div>
        {info && !info.reloadConfigSuccess ? <p class="warning">{say("failed")}</p> : null}
        <Problems error={act.error} />
      </section>
      <section class="box">
        <div class="bar">
          <h2>{say("flags")}</h2>
          <input
            class="push"
            type="search"
            placeholder={say("find")}
            aria-label={say("find")}
            value={q}
            onInput={(event) => setQ(event.currentTarget.value, true)}
          />
        </div>
        {flags.data ? (
          <Table
            caption={say("flags")}
            columns={COLUMNS}
            rows={found}
            id={([name]) => name}
            order={order}
            onOrder={setOrder}
          />
        ) : (
          <Loading />
        )}
      </section>
      {config.data ? (
        <section class="box">
          <Copied text={config.data.yaml} label={say("config")} />
        </section>
      ) : null}
    </>
  );
}
