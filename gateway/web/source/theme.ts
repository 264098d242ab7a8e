// Dark, light, or as the system has it.

export type Theme = "system" | "dark" | "light";

const KEPT = "fleetgauge:theme";
const THEMES: readonly Theme[] = ["system", "dark", "light"];

export function theme(): Theme {
  const kept = localStorage.getItem(KEPT) as Theme | null;
  return kept && THEMES.includes(kept) ? kept : "system";
}

export function useTheme(wanted: Theme): void {
  localStorage.setItem(KEPT, wanted);
  show();
}

export function nextTheme(): Theme {
  return THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length] ?? "system";
}

export function show(): void {
  document.documentElement.dataset.theme = theme();
  dispatchEvent(new Event("fleetgauge:theme"));
}

/** A colour of the theme in use, for what is drawn on a canvas. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Colours of lines: told apart also by those who do not see red and green alike. */
export const LINES = ["#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#b07aa1", "#76b7b2", "#edc948", "#9c755f"] as const;

export function line(index: number): string {
  return LINES[index % LINES.length] ?? LINES[0];
}
