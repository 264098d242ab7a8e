// The measures that hosts are compared by, as people call them; the gateway says what they are.
import type { Unit } from "../../units";
import { wording } from "../../words";

export const GROUPS = {
  processor: ["cpu", "cpu_user", "cpu_system", "cpu_iowait", "cpu_steal", "load", "load5", "load15"],
  memories: ["memory_percent", "memory", "swap"],
  disks: ["disk", "disk_fullest", "disk_io", "disk_read", "disk_write", "disk_busy"],
  networks: ["network", "network_receive", "network_transmit"],
  pressures: ["pressure", "pressure_io", "pressure_memory"],
  rest: ["processes", "processes_running", "threads", "open_files", "temperature", "uptime"],
} as const;

export type Measure = (typeof GROUPS)[keyof typeof GROUPS][number];

export const STANDARD_MEASURE: Measure = "cpu";

export const measureTitle = wording({
  processor: ["Processor", "处理器"],
  memories: ["Memory", "内存"],
  disks: ["Disks", "磁盘"],
  networks: ["Network", "网络"],
  pressures: ["Pressure", "压力"],
  rest: ["Other", "其他"],
  cpu: ["CPU", "CPU"],
  cpu_user: ["CPU: programs", "CPU：用户态"],
  cpu_system: ["CPU: kernel", "CPU：内核态"],
  cpu_iowait: ["CPU: waiting for I/O", "CPU：等待 I/O"],
  cpu_steal: ["CPU: stolen by other guests", "CPU：被其他虚拟机占用"],
  load: ["Load, 1 minute", "负载（1 分钟）"],
  load5: ["Load, 5 minutes", "负载（5 分钟）"],
  load15: ["Load, 15 minutes", "负载（15 分钟）"],
  memory: ["Memory in use", "已用内存"],
  memory_percent: ["Memory in use, %", "内存使用率"],
  swap: ["Swap in use", "已用交换空间"],
  disk: ["Root file system, full", "根文件系统使用率"],
  disk_fullest: ["Fullest file system", "最满的文件系统"],
  disk_io: ["Disk I/O", "磁盘读写"],
  disk_read: ["Disk reads", "磁盘读取"],
  disk_write: ["Disk writes", "磁盘写入"],
  disk_busy: ["Busiest disk", "最忙的磁盘"],
  network: ["Network", "网络流量"],
  network_receive: ["Network: received", "网络：接收"],
  network_transmit: ["Network: sent", "网络：发送"],
  pressure: ["Waiting for CPU", "等待 CPU"],
  pressure_io: ["Waiting for I/O", "等待 I/O"],
  pressure_memory: ["Waiting for memory", "等待内存"],
  processes: ["Processes", "进程数"],
  processes_running: ["Processes that run", "运行中的进程"],
  threads: ["Threads", "线程数"],
  open_files: ["Open files", "打开的文件"],
  temperature: ["Warmest sensor", "最高温度"],
  uptime: ["Uptime", "运行时间"],
});

const UNITS: Record<string, Unit> = {
  percent: "percent",
  bytes: "bytes",
  "bytes per second": "bytes/s",
  seconds: "seconds",
  celsius: "celsius",
};

/** The unit that is written for one of the gateway's. */
export function unitOf(text: string): Unit {
  return UNITS[text] ?? "number";
}
