// Asking again and again: data for a component, its error, and whether it is stale.
import { useEffect, useRef, useState } from "preact/hooks";

export interface Loaded<T> {
  data: T | undefined;
  error: Error | undefined;
  /** Asks again now. */
  again: () => void;
}

/** Loads what `load` gives, again when `key` changes, and every so many seconds while the page is looked at. */
export function useLoaded<T>(key: string, load: (signal: AbortSignal) => Promise<T>, everySeconds = 0): Loaded<T> {
  const [state, setState] = useState<{ data?: T; error?: Error }>({});
  const [turn, setTurn] = useState(0);
  const newest = useRef(load);
  newest.current = load;
  useEffect(() => {
    const stop = new AbortController();
    let timer = 0;
    const once = async () => {
      if (!document.hidden) {
        try {
          const data = await newest.current(stop.signal);
          if (!stop.signal.aborted) setState({ data });
        } catch (error) {
          if (stop.signal.aborted) return;
          setState((before) => ({ ...before, error: error as Error }));
        }
      }
      if (everySeconds && !stop.signal.aborted) timer = window.setTimeout(once, everySeconds * 1000);
    };
    void once();
    const seen = () => {
      if (document.hidden || !everySeconds) return;
      clearTimeout(timer);
      void once();
    };
    document.addEventListener("visibilitychange", seen);
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [key, turn, everySeconds]);
  return { data: state.data, error: state.error, again: () => setTurn((before) => before + 1) };
}
