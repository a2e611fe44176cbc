// Facts that the page reads from a report's evidence (docs/formats/report.md).
import type { Check, Fact, Report, Whole } from "@glasslog/verify";

export type Witness = { readonly name: string; readonly counted: boolean };
export type Freshness = { readonly time: number; readonly age: number; readonly limit: number | undefined };

function find(report: Pick<Report, "checks">, code: string): Check | undefined {
  return report.checks.find((check) => check.code === code);
}

/** The check that decided a verdict, unless it is verified or there was nothing to verify. */
export function decisive({ checks, cause }: Pick<Report, "checks" | "cause">): Check | undefined {
  return cause === null ? undefined : find({ checks }, cause);
}

/** Lists the witnesses that the trust file names, or its auditors of the index, and marks those that cosigned. */
export function witnesses(report: Pick<Report, "checks">, code: "quorum" | "index-audit" = "quorum"): Witness[] {
  const list = find(report, code)?.evidence?.["witnesses"];
  if (!Array.isArray(list)) return [];
  return (list as readonly Fact[]).flatMap((fact) => {
    if (fact === null || typeof fact !== "object" || Array.isArray(fact)) return [];
    const { name, outcome } = fact as { readonly [name: string]: Fact };
    return [{ name: String(name), counted: outcome === "cosigned" }];
  });
}

/** Time when witnesses last vouched for the checkpoint, if that is known. */
export function freshness(report: Pick<Report, "checks">): Freshness | undefined {
  const evidence = find(report, "freshness")?.evidence;
  const [time, age, limit] = [evidence?.["time"], evidence?.["age"], evidence?.["limit"]];
  if (typeof time !== "number" || typeof age !== "number") return undefined;
  return { time, age, limit: typeof limit === "number" ? limit : undefined };
}

/** Grounds for completeness. */
export type Coverage = {
  readonly method: "full-scan" | "index";
  /** Entries before this one are covered. */
  readonly upTo: Whole;
  /** Number of entries that the index covers, and of later entries that were read one by one. */
  readonly indexed: Whole;
  readonly scanned: Whole;
  /** Set if auditors vouch for the index, as the trust file asks. */
  readonly audited: boolean;
};

export function coverage(report: Pick<Report, "checks">): Coverage | undefined {
  const evidence = find(report, "coverage")?.evidence;
  const { method, upTo, indexed, scanned, audited } = evidence ?? {};
  if ((method !== "full-scan" && method !== "index") || !isWhole(upTo)) return undefined;
  return {
    method,
    upTo,
    indexed: isWhole(indexed) ? indexed : 0,
    scanned: isWhole(scanned) ? scanned : 0,
    audited: audited === "yes",
  };
}

/** Fault of an index that listed too little or too much. */
export function indexFault(check: Check): "omission" | "insertion" | undefined {
  const fault = check.evidence?.["fault"];
  return fault === "omission" || fault === "insertion" ? fault : undefined;
}

/** Path of the file that was missing. */
export function missingFile(check: Check): string | undefined {
  const path = check.evidence?.["path"];
  return typeof path === "string" ? path : undefined;
}

function isWhole(fact: Fact | undefined): fact is Whole {
  return typeof fact === "number" || (typeof fact === "string" && /^\d+$/.test(fact));
}
