// The few facts that the page picks out of a report's evidence (docs/formats/report.md).
import type { Check, Fact, Report } from "./types.js";

export type Witness = { readonly name: string; readonly counted: boolean };
export type Freshness = { readonly time: number; readonly age: number; readonly limit: number | undefined };

function find(report: Pick<Report, "checks">, code: string): Check | undefined {
  return report.checks.find((check) => check.code === code);
}

/** The witnesses that the trust file names, and which of them cosigned. */
export function witnesses(report: Pick<Report, "checks">): Witness[] {
  const list = find(report, "quorum")?.evidence?.["witnesses"];
  if (!Array.isArray(list)) return [];
  return (list as readonly Fact[]).flatMap((fact) => {
    if (fact === null || typeof fact !== "object" || Array.isArray(fact)) return [];
    const { name, outcome } = fact as { readonly [name: string]: Fact };
    return [{ name: String(name), counted: outcome === "cosigned" }];
  });
}

/** When witnesses last vouched for the checkpoint, where that can be told. */
export function freshness(report: Pick<Report, "checks">): Freshness | undefined {
  const evidence = find(report, "freshness")?.evidence;
  const [time, age, limit] = [evidence?.["time"], evidence?.["age"], evidence?.["limit"]];
  if (typeof time !== "number" || typeof age !== "number") return undefined;
  return { time, age, limit: typeof limit === "number" ? limit : undefined };
}

/** Whether completeness rests on having read every entry. */
export function scanned(report: Pick<Report, "checks">): boolean {
  return find(report, "coverage")?.evidence?.["method"] === "full-scan";
}
