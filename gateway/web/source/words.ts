// Texts in English and Chinese. Each page has its own, beside where they are shown.

export type Language = "en" | "zh";

const KEPT = "fleetgauge:language";
const LANGUAGES: readonly Language[] = ["en", "zh"];

function chosen(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "zh") return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export const language: Language = chosen();
document.documentElement.lang = language;

/** Chooses a language: all is drawn anew, which happens once in a life. */
export function speak(wanted: Language): void {
  localStorage.setItem(KEPT, wanted);
  location.reload();
}

/** Returns a function that says the words of a table; `{0}` stands for what is given with them. */
export function wording<Table extends Record<string, readonly [en: string, zh: string]>>(
  table: Table,
): (key: keyof Table, ...values: readonly (string | number)[]) => string {
  const place = LANGUAGES.indexOf(language);
  return (key, ...values) =>
    (table[key]?.[place] ?? String(key)).replace(/\{(\d)\}/g, (_, at: string) => String(values[Number(at)] ?? ""));
}
