// The address bar is the state: paths choose pages, parameters all that one can choose on them.
import { useEffect, useState } from "preact/hooks";

const CHANGED = "fleetgauge:address";

/** Goes to a path with parameters; `replace` leaves no step in the history. */
export function go(to: string, options: { replace?: boolean } = {}): void {
  if (to === location.pathname + location.search) return;
  if (options.replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  dispatchEvent(new Event(CHANGED));
}

/** The address as it is; the component is drawn again when it changes. */
export function useAddress(): URL {
  const [address, setAddress] = useState(() => new URL(location.href));
  useEffect(() => {
    const changed = () => setAddress(new URL(location.href));
    addEventListener("popstate", changed);
    addEventListener(CHANGED, changed);
    return () => {
      removeEventListener("popstate", changed);
      removeEventListener(CHANGED, changed);
    };
  }, []);
  return address;
}

/** One parameter, and a function that sets it; the default does not stand in the address. */
export function useParameter(name: string, standard = ""): [string, (value: string, replace?: boolean) => void] {
  const value = useAddress().searchParams.get(name) ?? standard;
  return [value, (wanted, replace = false) => setParameters({ [name]: wanted === standard ? "" : wanted }, replace)];
}

/** Sets parameters of the current page; empty ones go, those with several values stand there several times. */
export function setParameters(values: Record<string, string | readonly string[]>, replace = false): void {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(values)) {
    address.searchParams.delete(name);
    for (const each of typeof value === "string" ? [value] : value) if (each) address.searchParams.append(name, each);
  }
  go(address.pathname + address.search, { replace });
}

/** Lets links to pages of ours change the page without loading it again. */
export function followLinks(): void {
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest?.("a");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    if (link.target || link.origin !== location.origin || link.hasAttribute("data-plain")) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
