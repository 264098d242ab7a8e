"""All settings of the agent, with their defaults. The only place that says either."""

from typing import Annotated, Literal

from delivery.settings import RelabelRule, RemoteWrite, Tls
from runtime.logs import LogFormat, LogLevel
from runtime.settings import Section
from runtime.values import Address, Duration, LabelPair, Pattern, Size

SpoolOrder = Literal["interleaved", "oldest-first"]


class Switch(Section, frozen=True, kw_only=True):
    """A collector without options."""

    enabled: Annotated[bool, "Run this collector."] = True


class OptIn(Section, frozen=True, kw_only=True):
    """A collector that runs only when asked for."""

    enabled: Annotated[bool, "Run this collector."] = False


class Diskstats(Section, frozen=True, kw_only=True):
    """Which block devices are shown."""

    enabled: Annotated[bool, "Run this collector."] = True
    device_include: Annotated[Pattern, "Show only devices that match."] = Pattern.parse(".*")
    device_exclude: Annotated[Pattern, "Leave out devices that match."] = Pattern.parse(
        r"(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+"
    )


class Filesystem(Section, frozen=True, kw_only=True):
    """Which mounts are shown."""

    enabled: Annotated[bool, "Run this collector."] = True
    mount_points_exclude: Annotated[Pattern, "Leave out mounts whose path matches."] = Pattern.parse(
        r"/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/.*)"
    )
    fs_types_exclude: Annotated[Pattern, "Leave out mounts whose type matches."] = Pattern.parse(
        "autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|"
        "overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs"
    )


class Netclass(Section, frozen=True, kw_only=True):
    """Which network devices are shown."""

    enabled: Annotated[bool, "Run this collector."] = True
    ignored_devices: Annotated[Pattern, "Leave out devices that match."] = Pattern.parse("")


class Netdev(Section, frozen=True, kw_only=True):
    """Which network devices are shown."""

    enabled: Annotated[bool, "Run this collector."] = True
    device_include: Annotated[Pattern, "Show only devices that match."] = Pattern.parse(".*")
    device_exclude: Annotated[Pattern, "Leave out devices that match."] = Pattern.parse("")


class Systemd(Section, frozen=True, kw_only=True):
    """Which units are shown."""

    enabled: Annotated[bool, "Run this collector."] = False
    unit_include: Annotated[Pattern, "Show only units that match."] = Pattern.parse(".+")
    unit_exclude: Annotated[Pattern, "Leave out units that match."] = Pattern.parse(
        r".+\.(automount|device|mount|scope|slice)"
    )


class Textfile(Section, frozen=True, kw_only=True):
    """Metrics that other programs write into files."""

    enabled: Annotated[bool, "Run this collector."] = True
    directory: Annotated[tuple[str, ...], "Read the *.prom files of this directory."] = ()


class Container(Section, frozen=True, kw_only=True):
    """Containers of Docker and Podman."""

    enabled: Annotated[bool, "Run this collector. It is quiet where there is no engine."] = True
    host: Annotated[
        str, "Ask this engine: unix:///PATH or tcp://HOST:PORT. Otherwise DOCKER_HOST or the usual sockets."
    ] = ""
    labels: Annotated[
        tuple[str, ...], "Show these labels of containers, as container_label_NAME; a name may end in *."
    ] = ("com.docker.compose.project", "com.docker.compose.service")


class Collectors(Section, frozen=True, kw_only=True):
    """What is collected."""

    arp: Annotated[Switch, "ARP entries by device."] = Switch()
    bonding: Annotated[Switch, "Bonded network devices."] = Switch()
    conntrack: Annotated[Switch, "Tracked connections."] = Switch()
    container: Annotated[Container, "Containers of Docker and Podman, named as cAdvisor does."] = Container()
    cpu: Annotated[Switch, "CPU time by mode."] = Switch()
    cpufreq: Annotated[Switch, "CPU frequencies."] = Switch()
    diskstats: Annotated[Diskstats, "Block devices: operations, bytes, time."] = Diskstats()
    dmi: Annotated[Switch, "What the maker says of the machine."] = Switch()
    edac: Annotated[Switch, "Errors of memory."] = Switch()
    entropy: Annotated[Switch, "The kernel's entropy."] = Switch()
    filefd: Annotated[Switch, "Open files of the whole system."] = Switch()
    filesystem: Annotated[Filesystem, "How full file systems are."] = Filesystem()
    hwmon: Annotated[Switch, "Sensors: temperatures, fans, voltages."] = Switch()
    interrupts: Annotated[OptIn, "Interrupts by CPU."] = OptIn()
    loadavg: Annotated[Switch, "Load averages."] = Switch()
    mdadm: Annotated[Switch, "Software RAID."] = Switch()
    meminfo: Annotated[Switch, "Memory, every key of /proc/meminfo."] = Switch()
    namedprocess: Annotated[Switch, "Processes by group, named as process-exporter does."] = Switch()
    netclass: Annotated[Netclass, "Network devices: state, speed, addresses."] = Netclass()
    netdev: Annotated[Netdev, "Network devices: bytes, packets, errors."] = Netdev()
    netstat: Annotated[Switch, "Counters of IP, TCP, UDP and ICMP."] = Switch()
    nfs: Annotated[Switch, "NFS, as a client."] = Switch()
    nfsd: Annotated[Switch, "NFS, as a server."] = Switch()
    nvme: Annotated[Switch, "NVMe devices."] = Switch()
    os: Annotated[Switch, "The operating system's release."] = Switch()
    powersupplyclass: Annotated[Switch, "Batteries and power supplies."] = Switch()
    pressure: Annotated[Switch, "Pressure stall information."] = Switch()
    processes: Annotated[OptIn, "Numbers of processes and threads of the whole system."] = OptIn()
    schedstat: Annotated[Switch, "The scheduler's counters."] = Switch()
    selinux: Annotated[Switch, "SELinux: enabled, enforcing."] = Switch()
    sockstat: Annotated[Switch, "Sockets in use."] = Switch()
    softnet: Annotated[Switch, "The network's soft interrupts."] = Switch()
    stat: Annotated[Switch, "Boot time, forks, context switches."] = Switch()
    systemd: Annotated[Systemd, "States of systemd's units."] = Systemd()
    tcpstat: Annotated[OptIn, "TCP connections by state."] = OptIn()
    textfile: Annotated[Textfile, "Metrics that other programs write into files."] = Textfile()
    thermal_zone: Annotated[Switch, "Thermal zones and cooling devices."] = Switch()
    time: Annotated[Switch, "The clock and its source."] = Switch()
    timex: Annotated[Switch, "How well the clock is kept."] = Switch()
    udp_queues: Annotated[Switch, "Queues of UDP sockets."] = Switch()
    uname: Annotated[Switch, "Kernel and host name."] = Switch()
    vmstat: Annotated[Switch, "Page faults, swapping, the OOM killer."] = Switch()


class Process(Section, frozen=True, kw_only=True):
    """How processes are grouped and what is read of them."""

    config: Annotated[str, "Group processes as this file of process-exporter says."] = ""
    children: Annotated[bool, "Count a process that no rule names with its nearest named ancestor."] = True
    threads: Annotated[bool, "Show threads by name."] = False
    wchan: Annotated[bool, "Show which kernel function processes wait in."] = False
    smaps: Annotated[bool, "Show proportional memory. Dear for large processes."] = False
    labels: Annotated[
        tuple[Literal["user", "container", "unit"], ...], "Split groups by these and show them as labels."
    ] = ()
    exclude: Annotated[Pattern, "Leave out processes whose command line or short name matches."] = (
        Pattern.parse("")
    )
    min_cpu_seconds: Annotated[float, "Show only groups that used so much processor time,"] = 0.0
    min_memory: Annotated[Size, "or hold so much memory; the others are summed up as `other`."] = Size.parse(
        "0"
    )
    max_groups: Annotated[int, "Show so many groups; more are summed up as `other`."] = 1000
    empty_groups: Annotated[Duration, "Show a group without a process for so long."] = Duration.parse("1h")


class Snapshot(Section, frozen=True, kw_only=True):
    """Who did it: the busiest processes, told to the gateway."""

    enabled: Annotated[bool, "Tell the gateway which processes are the busiest."] = True
    interval: Annotated[Duration, "So often."] = Duration.parse("15s")
    top: Annotated[int, "So many processes by each of CPU, memory and I/O."] = 10
    watch: Annotated[tuple[str, ...], "And all whose short name is this; it may end in *."] = ()
    max_processes: Annotated[int, "Never more processes than this in one snapshot."] = 100
    max_size: Annotated[Size, "Never more than this in one snapshot, before compression."] = Size.parse(
        "256KiB"
    )
    command_lines: Annotated[bool, "Tell command lines, with secrets masked."] = True
    mask: Annotated[
        tuple[Pattern, ...], "Mask what matches in command lines, besides the usual secrets."
    ] = ()


class SpoolSettings(Section, frozen=True, kw_only=True):
    """What waits on disk while a receiver is away."""

    max_size: Annotated[Size, "Drop the oldest when more waits."] = Size.parse("512MiB")
    max_age: Annotated[Duration, "Drop what is older."] = Duration.parse("7d")
    order: Annotated[
        SpoolOrder, "Send newest and oldest by turns, or oldest first for receivers that want order."
    ] = "interleaved"
    sync: Annotated[bool, "Have each batch on the disk before the next is gathered."] = True


class UdevPath(Section, frozen=True, kw_only=True):
    """Where udev keeps what it knows."""

    data: Annotated[str, "The directory of udev's data."] = "/run/udev/data"


class Paths(Section, frozen=True, kw_only=True):
    """Where the host's files are, for an agent in a container."""

    procfs: Annotated[str, "The host's /proc."] = "/proc"
    sysfs: Annotated[str, "The host's /sys."] = "/sys"
    rootfs: Annotated[str, "The host's /."] = "/"
    udev: UdevPath = UdevPath()


class WebConfig(Section, frozen=True, kw_only=True):
    """TLS and passwords of the agent's own pages."""

    file: Annotated[
        str, "Serve with the TLS and the passwords of this file, in exporter-toolkit's format."
    ] = ""


class Web(Section, frozen=True, kw_only=True):
    """The agent's own pages."""

    config: WebConfig = WebConfig()


class AgentSettings(Section, frozen=True, kw_only=True):
    """What one can tell the agent."""

    listen: Annotated[Address, "Address to listen on."] = Address(host="127.0.0.1", port=9256)
    allow_anonymous: Annotated[
        bool, "Serve everyone who can connect. Needed to listen beyond loopback without passwords."
    ] = False
    web: Web = Web()
    gateway: Annotated[str, "Send to this gateway: http://HOST:PORT."] = ""
    token_file: Annotated[str, "A file with the token for the gateway."] = ""
    gateway_tls: Tls = Tls()
    proxy: Annotated[
        str, "Reach the gateway through this proxy; otherwise as HTTP_PROXY, HTTPS_PROXY and NO_PROXY say."
    ] = ""
    name: Annotated[str, "The name of this host. Otherwise its host name."] = ""
    job: Annotated[str, "The job of all series that are sent."] = "fleetgauge"
    label: Annotated[
        tuple[LabelPair, ...], "A label, NAME=VALUE, for the registry and all series that are sent."
    ] = ()
    state_dir: Annotated[
        str, "Directory of the agent's id, counters and spool. It is made if it is not there."
    ] = "./agent-state"
    interval: Annotated[Duration, "Collect and send so often."] = Duration.parse("15s")
    timeout: Annotated[Duration, "A collector may take so long."] = Duration.parse("5s")
    heartbeat: Annotated[Duration, "Tell the gateway so often that the agent is alive."] = Duration.parse(
        "10s"
    )
    collectors_dir: Annotated[str, "Run the collectors in the *.py files of this directory, too."] = ""
    log_format: Annotated[LogFormat, "How a log line looks."] = "logfmt"
    log_level: Annotated[LogLevel, "Leave out log lines below this level."] = "info"
    path: Paths = Paths()
    collector: Collectors = Collectors()
    process: Process = Process()
    snapshot: Snapshot = Snapshot()
    spool: SpoolSettings = SpoolSettings()
    write_relabel_configs: Annotated[
        tuple[RelabelRule, ...], "Rules for all series that are sent, in Prometheus' words."
    ] = ()
    remote_write: Annotated[
        tuple[RemoteWrite, ...], "More receivers, in Prometheus' words; with or without a gateway."
    ] = ()
