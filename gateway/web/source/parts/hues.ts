// Colours of names: a name keeps its colour whatever it is drawn with.
import { LINES } from "../theme";

const HUES: readonly string[] = [
  ...LINES,
  "#2f8f9d",
  "#c85a9e",
  "#8a9a1f",
  "#7a6fd0",
  "#d0743c",
  "#3fa37c",
  "#a8506b",
  "#5f8dd3",
  "#b38b2d",
  "#6b8f3f",
  "#c0625f",
  "#4aa3c7",
  "#9a66b8",
  "#cf8f8a",
  "#5c7f8f",
  "#a37f4f",
];

function hash(text: string): number {
  let value = 2166136261;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 16777619);
  return (value ^ (value >>> 15)) >>> 0;
}

/** A colour for each name: that of the name itself, or the next one when another name of the set has it. */
export function hues(names: readonly string[]): Map<string, string> {
  const taken = new Set<number>();
  const found = new Map<string, string>();
  for (const name of [...new Set(names)].sort()) {
    if (taken.size === HUES.length) taken.clear();
    let place = hash(name) % HUES.length;
    while (taken.has(place)) place = (place + 1) % HUES.length;
    taken.add(place);
    found.set(name, HUES[place] ?? "");
  }
  return found;
}
