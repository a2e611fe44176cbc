// Filters the events of a history. A filter hides rows; it never changes a verdict.
import { signatureStatus } from "./wording.js";
import type { EventView } from "@glasslog/verify";

/** Kinds of events to choose from, with their names. */
export const KINDS = {
  all: "every kind",
  routine: "routine",
  material: "material",
  custody: "custody",
  refused: "denied or failed",
  doubtful: "not validly signed",
} as const;

export type Kind = keyof typeof KINDS;

export type Filter = { readonly text: string; readonly kind: Kind };

export const EVERYTHING: Filter = { text: "", kind: "all" };

/** Returns the events that match a filter, in their order; the same list if all match. */
export function filtered(events: readonly EventView[], { text, kind }: Filter): readonly EventView[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && kind === "all") return events;
  return events.filter((event) => isOfKind(event, kind) && words.every((word) => holds(event, word)));
}

function isOfKind(event: EventView, kind: Kind): boolean {
  switch (kind) {
    case "all":
      return true;
    case "refused":
      return event.outcome === "denied" || event.outcome === "failure";
    case "doubtful":
      return signatureStatus(event).outcome !== "pass";
    default:
      return event.weight === kind;
  }
}

/** Finds a word in the texts of a row, or compares it with the row's position. */
function holds(event: EventView, word: string): boolean {
  const has = (text: string | null | undefined): boolean => text?.toLowerCase().includes(word) ?? false;
  return (
    has(event.action ?? event.type) ||
    has(event.actor) ||
    has(event.reason?.text ?? event.reason?.code) ||
    has(event.environment) ||
    has(event.occurredAt) ||
    String(event.index) === word ||
    event.subjects.some(({ name, digests }) => has(name) || digests.some((digest) => digest.includes(word)))
  );
}
