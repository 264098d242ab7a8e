// What the completion asks the gateway: kept for a while, so that typing does not ask again for each letter.
import { ask, type LabelSet } from "../../api";

const KEPT_MS = 300_000;
const LOOKED_BACK = 43_200;
const MOST_NAMES = 20_000;

type Kept = Map<string, { at: number; data: Promise<unknown> }>;

export class Client {
  private readonly kept: Kept = new Map();

  private get<T>(path: string, params: Record<string, string>, otherwise: T): Promise<T> {
    const key = path + JSON.stringify(params);
    const found = this.kept.get(key);
    if (found && Date.now() - found.at < KEPT_MS) return found.data as Promise<T>;
    const end = Math.round(Date.now() / 1000);
    const times = { start: end - LOOKED_BACK, end, limit: MOST_NAMES };
    const data = ask<T>(path, { params: { ...params, ...times } }).catch(() => {
      this.kept.delete(key);
      return otherwise;
    });
    this.kept.set(key, { at: Date.now(), data });
    return data;
  }

  labelNames(metric = ""): Promise<string[]> {
    return this.get<string[]>("/api/v1/labels", metric ? { "match[]": selector(metric) } : {}, []).then((names) =>
      names.filter((name) => name !== "__name__"),
    );
  }

  labelValues(label: string, metric = ""): Promise<string[]> {
    const path = `/api/v1/label/${encodeURIComponent(label)}/values`;
    return this.get<string[]>(path, metric ? { "match[]": selector(metric) } : {}, []);
  }

  metricMetadata(): Promise<Record<string, { type: string; help: string }[]>> {
    return this.get("/api/v1/metadata", {}, {});
  }

  async series(metric: string): Promise<Map<string, string>[]> {
    const found = await this.get<LabelSet[]>("/api/v1/series", { "match[]": selector(metric) }, []);
    return found.map((labels) => new Map(Object.entries(labels)));
  }

  metricNames(): Promise<string[]> {
    return this.labelValues("__name__");
  }

  flags(): Promise<Record<string, string>> {
    return this.get("/api/v1/status/flags", {}, {});
  }
}

function selector(metric: string): string {
  return `{__name__=${JSON.stringify(metric)}}`;
}
