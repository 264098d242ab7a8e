// As much of a browser as the modules ask for when they are loaded: an address with its history, kept texts.

export const steps: string[] = [];

const kept = new Map<string, string>();
const address = { href: "http://gateway/" };

function moved(to: string): void {
  address.href = new URL(to, address.href).href;
}

/** Stands at an address, without a step that leads back. */
export function standAt(path: string): void {
  moved(path);
  steps.length = 0;
}

const events = new EventTarget();
Object.assign(globalThis, {
  addEventListener: events.addEventListener.bind(events),
  removeEventListener: events.removeEventListener.bind(events),
  dispatchEvent: events.dispatchEvent.bind(events),
  localStorage: {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  },
  location: {
    get href() {
      return address.href;
    },
    get origin() {
      return new URL(address.href).origin;
    },
    get pathname() {
      return new URL(address.href).pathname;
    },
    get search() {
      return new URL(address.href).search;
    },
    reload: () => undefined,
  },
  history: {
    pushState: (_state: unknown, _title: string, to: string) => {
      steps.push(to);
      moved(to);
    },
    replaceState: (_state: unknown, _title: string, to: string) => moved(to),
  },
  document: { documentElement: { dataset: {}, lang: "" }, addEventListener: () => undefined, hidden: false },
});
Object.defineProperty(globalThis, "navigator", { value: { language: "en" }, configurable: true });
