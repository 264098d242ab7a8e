// What helps to begin: examples, and the queries that were run before.
import { useState } from "preact/hooks";
import { Dialog } from "../../shell";
import { ago } from "../../units";
import { wording } from "../../words";
import { forget, past } from "./history";

const say = wording({
  examples: ["Examples", "示例"],
  begin: ["Write a query above, or begin with one of these.", "在上方输入查询，或从下面的示例开始。"],
  busy: ["How busy the processors of each host are, in per cent", "每台主机的 CPU 使用率（%）"],
  memory: ["How much of each host's memory is in use", "每台主机的内存使用率"],
  disk: ["File systems that are full within four days if it goes on like this", "按当前趋势四天内会写满的文件系统"],
  network: ["Bytes that each interface receives in a second", "每个网卡每秒接收的字节数"],
  processes: ["The ten groups of processes that use most CPU", "CPU 用量最大的十组进程"],
  resident: ["The ten groups of processes that hold most memory", "内存占用最大的十组进程"],
  pressure: ["Time that tasks waited for I/O", "任务等待 I/O 的时间"],
  restarts: ["Hosts that were started anew in the last day", "最近一天内重启过的主机"],
  down: ["Agents that send nothing", "没有发送数据的 agent"],
  history: ["Query history", "查询历史"],
  none: ["No query was run in this browser yet.", "此浏览器还没有运行过查询。"],
  forget: ["Forget all", "清空历史"],
  when: ["{0} ago", "{0} 前"],
});

const EXAMPLES = [
  ["busy", '100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m])))'],
  ["memory", "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)"],
  ["processes", "topk(10, sum by (instance, groupname) (rate(namedprocess_namegroup_cpu_seconds_total[5m])))"],
  ["resident", 'topk(10, namedprocess_namegroup_memory_bytes{memtype="resident"})'],
  ["network", 'rate(node_network_receive_bytes_total{device!="lo"}[5m])'],
  ["pressure", "rate(node_pressure_io_waiting_seconds_total[5m])"],
  ["disk", "predict_linear(node_filesystem_avail_bytes[6h], 4 * 86400) < 0"],
  ["restarts", "changes(node_boot_time_seconds[1d]) > 0"],
  ["down", "up == 0"],
] as const;

export function Examples(props: { onChoose: (query: string) => void }) {
  return (
    <section class="box" aria-label={say("examples")}>
      <h2>{say("examples")}</h2>
      <p class="dim">{say("begin")}</p>
      <ul class="examples">
        {EXAMPLES.map(([key, query]) => (
          <li key={key}>
            <button type="button" onClick={() => props.onChoose(query)}>
              <span>{say(key)}</span>
              <code>{query}</code>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function HistoryDialog(props: { onChoose: (query: string) => void; onClose: () => void }) {
  const [kept, setKept] = useState(past);
  return (
    <Dialog title={say("history")} onClose={props.onClose}>
      {kept.length ? null : <p class="dim">{say("none")}</p>}
      <ul class="examples history">
        {kept.map((each) => (
          <li key={each.query}>
            <button
              type="button"
              onClick={() => {
                props.onChoose(each.query);
                props.onClose();
              }}
            >
              <code>{each.query}</code>
              <span class="dim">
                {say("when", ago(each.time))} · {Math.round(each.seconds * 1000)} ms
              </span>
            </button>
          </li>
        ))}
      </ul>
      {kept.length ? (
        <button
          type="button"
          onClick={() => {
            forget();
            setKept([]);
          }}
        >
          {say("forget")}
        </button>
      ) : null}
    </Dialog>
  );
}
