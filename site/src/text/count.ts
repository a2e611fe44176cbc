// Writes numbers in words and figures, alike in every locale, so that all readers see the same page.

import type { Whole } from "@glasslog/verify";

/** `1 204 551`, with narrow no-break spaces; four digits stay together. */
export function figures(number: Whole): string {
  const digits = String(number);
  return digits.length <= 4 ? digits : digits.replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** `1 event`, `9 events`. */
export function counted(number: Whole, one: string, many = `${one}s`): string {
  return `${figures(number)} ${String(number) === "1" ? one : many}`;
}

/** `Two`, at the beginning of a sentence. */
export function inWords(number: number): string {
  return ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"][number] ?? figures(number);
}

/** `52 KB`; decimal units, as file managers and networks count. */
export function bytes(number: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let [value, unit] = [number, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  const shown = unit === 0 || value >= 9.95 ? value.toFixed(0) : value.toFixed(1);
  return number === 1 ? "1 byte" : `${shown} ${units[unit]}`;
}

/** `41 ms`, `1.3 s`. */
export function milliseconds(number: number): string {
  return number < 999.5
    ? `${Math.max(1, Math.round(number))} ms`
    : `${(number / 1000).toFixed(number < 9950 ? 1 : 0)} s`;
}
