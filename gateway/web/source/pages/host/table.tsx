// The table of processes.
import { useParameter } from "../../address";
import { Table, type Column } from "../../parts/small";
import { bytes, duration, number } from "../../units";
import { fits, io, processId, type Process, type Snapshot } from "./snapshot";
import { say } from "./words";

/** How much of the largest it is shows as a bar behind the number. */
export function Amount(props: { value: number | null; most: number; text: string }) {
  const part = props.value === null || props.most <= 0 ? 0 : Math.max(0, Math.min(props.value / props.most, 1));
  return (
    <span class="amount" style={{ "--part": `${(part * 100).toFixed(1)}%` }}>
      {props.value === null ? "–" : props.text}
    </span>
  );
}

export function percent(value: number | null): string {
  return value === null ? "–" : `${value.toFixed(1)} %`;
}

export function rate(value: number | null): string {
  return value === null ? "–" : value === 0 ? "0" : `${bytes(value)}/s`;
}

const known = (value: number | null) => value ?? Number.NaN;

function columns(
  rows: readonly Process[],
  time: number,
  opened: string,
  open: (id: string) => void,
): Column<Process>[] {
  const most = (of: (row: Process) => number | null) => Math.max(...rows.map((row) => of(row) ?? 0), 0);
  const [cpu, rss, busy] = [most((row) => row.cpu), most((row) => row.rss), most(io)];
  const optional = (key: "container" | "unit", title: string): Column<Process>[] =>
    rows.some((row) => row[key]) ? [{ key, title, cell: (row) => row[key], by: (row) => row[key] }] : [];
  return [
    {
      key: "name",
      title: say("name"),
      by: (row) => row.name,
      cell: (row) => {
        const id = processId(row);
        return (
          <button
            type="button"
            class="link"
            aria-pressed={id === opened}
            title={`${row.command || row.name}\n${say("historyOpen", row.name)}`}
            onClick={() => open(id === opened ? "" : id)}
          >
            {row.name}
          </button>
        );
      },
    },
    { key: "pid", title: say("pid"), numeric: true, by: (row) => row.pid, cell: (row) => row.pid },
    { key: "user", title: say("user"), by: (row) => row.user, cell: (row) => row.user },
    {
      key: "cpu",
      title: "CPU",
      numeric: true,
      by: (row) => known(row.cpu),
      cell: (row) => <Amount value={row.cpu} most={cpu} text={percent(row.cpu)} />,
    },
    {
      key: "rss",
      title: say("memoryRss"),
      numeric: true,
      by: (row) => known(row.rss),
      cell: (row) => <Amount value={row.rss} most={rss} text={bytes(row.rss ?? 0)} />,
    },
    {
      key: "io",
      title: say("io"),
      numeric: true,
      by: (row) => known(io(row)),
      cell: (row) => <Amount value={io(row)} most={busy} text={rate(io(row))} />,
    },
    { key: "read", title: say("readRate"), numeric: true, by: (row) => known(row.read), cell: (row) => rate(row.read) },
    {
      key: "write",
      title: say("writeRate"),
      numeric: true,
      by: (row) => known(row.write),
      cell: (row) => rate(row.write),
    },
    {
      key: "threads",
      title: say("threads"),
      numeric: true,
      by: (row) => known(row.threads),
      cell: (row) => count(row.threads),
    },
    { key: "fds", title: say("fds"), numeric: true, by: (row) => known(row.fds), cell: (row) => count(row.fds) },
    { key: "state", title: say("state"), by: (row) => row.state, cell: (row) => row.state },
    {
      key: "age",
      title: say("age"),
      numeric: true,
      by: (row) => time - row.start,
      cell: (row) => (
        <span title={new Date(row.start * 1000).toLocaleString()}>{duration(Math.max(time - row.start, 0))}</span>
      ),
    },
    ...optional("container", say("container")),
    ...optional("unit", say("unit")),
    {
      key: "command",
      title: say("command"),
      by: (row) => row.command,
      cell: (row) => (
        <code class="command" title={row.command}>
          {row.command}
        </code>
      ),
    },
  ];
}

function count(value: number | null): string {
  return value === null ? "–" : number(value, 6);
}

export function ProcessTable(props: { snapshot: Snapshot; caption: string }) {
  const [order, setOrder] = useParameter("sort", "-cpu");
  const [filter] = useParameter("q");
  const [opened, setOpened] = useParameter("process");
  const all = props.snapshot.processes ?? [];
  const rows = filter ? all.filter((row) => fits(row, filter)) : all;
  if (!rows.length) return <p class="dim">{say("noneFits")}</p>;
  return (
    <Table
      columns={columns(rows, props.snapshot.time ?? 0, opened, setOpened)}
      rows={rows}
      id={processId}
      order={order}
      onOrder={(wanted) => setOrder(wanted, true)}
      caption={props.caption}
    />
  );
}
