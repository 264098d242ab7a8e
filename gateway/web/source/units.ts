// Numbers as people read them.

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const PARTS: readonly (readonly [number, string])[] = [
  [86400, "d"],
  [3600, "h"],
  [60, "m"],
  [1, "s"],
];

export type Unit = "percent" | "bytes" | "bytes/s" | "seconds" | "number" | "time" | "celsius";

/** With three digits, or more before the point: no digit of a whole number becomes a nought. */
export function number(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value > 0 ? "∞" : "-∞";
  const large = Math.abs(value) >= 10 ** (digits - 1);
  return value.toLocaleString(undefined, large ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: digits });
}

export function bytes(value: number): string {
  let size = value;
  let unit = 0;
  while (Math.abs(size) >= 1024 && unit < BYTES.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${number(size)} ${BYTES[unit]}`;
}

/** `1d 3h`: the two largest parts. */
export function duration(value: number): string {
  let left = Math.round(Math.abs(value));
  const parts: string[] = [];
  for (const [size, unit] of PARTS) {
    if (left >= size && parts.length < 2) {
      parts.push(`${Math.floor(left / size)}${unit}`);
      left %= size;
    }
  }
  return parts.join(" ") || "0s";
}

export function written(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  switch (unit) {
    case "percent":
      return `${number(value)} %`;
    case "bytes":
      return bytes(value);
    case "bytes/s":
      return `${bytes(value)}/s`;
    case "seconds":
      return value < 1 ? `${number(value * 1000)} ms` : duration(value);
    case "time":
      return new Date(value * 1000).toLocaleString();
    case "celsius":
      return `${number(value)} °C`;
    case "number":
      return number(value);
  }
}

/** `12s ago`, for people. */
export function ago(time: number, now = Date.now() / 1000): string {
  return duration(Math.max(now - time, 0));
}
