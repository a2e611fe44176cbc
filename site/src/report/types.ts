// Types of a verifier's report (docs/formats/report.md). The page shows reports and decides nothing.
import type { Whole } from "../text/count.js";

export type Outcome = "pass" | "fail" | "unknown";

export type Fact = Whole | null | readonly Fact[] | { readonly [name: string]: Fact };

export type Check = {
  readonly code: string;
  readonly outcome: Outcome;
  /** Set if the verdict rests on this check. */
  readonly required: boolean;
  readonly detail: string;
  readonly evidence: { readonly [name: string]: Fact } | null;
};

export type Question = { readonly kind: string; readonly id: string };

export type Subject = { readonly name: string; readonly digest: string };

export type EventView = {
  readonly index: Whole;
  readonly leafHash: string;
  readonly type: string;
  readonly action: string | null;
  readonly outcome: string | null;
  readonly weight: "routine" | "material" | "custody" | null;
  readonly actor: string | null;
  readonly actorType: string | null;
  readonly occurredAt: string | null;
  readonly eventId: string | null;
  readonly subjects: readonly Subject[];
  readonly reason: { readonly code: string; readonly text: string | null; readonly ticket: string | null } | null;
  readonly environment: string | null;
  readonly pipeline: string | null;
  readonly transfer: { readonly from: string; readonly to: string } | null;
  readonly actsOn: string | null;
  readonly signature: string;
  readonly keyid: string | null;
  readonly notes: readonly string[];
};

/** The accusation of a fraud proof. */
export type FraudView = {
  readonly kind: string;
  /** Origin of the index log, whose key signed the false statement. */
  readonly index: string;
  readonly log: string | null;
  readonly manifest: Whole;
  readonly run: Whole | null;
  readonly bucket: string | null;
  readonly key: string | null;
  readonly position: Whole | null;
  /** Auditors of the trust file who cosigned it. */
  readonly auditors: readonly string[];
};

export type Report = {
  readonly schemaVersion: 1;
  readonly result: "verified" | "failed" | "unknown";
  /** Code of the check that decided the verdict; `null` if it is verified, or if there was nothing to verify. */
  readonly cause: string | null;
  readonly now: number;
  readonly query: Question;
  readonly checkpoint: { readonly origin: string; readonly size: Whole; readonly root: string } | null;
  readonly claims: { readonly included: Outcome; readonly complete: Outcome; readonly fresh: Outcome };
  readonly complete: boolean;
  readonly checks: readonly Check[];
  readonly keys?: readonly Question[];
  readonly events?: readonly EventView[];
  readonly unreadable?: Whole;
  readonly fraud?: FraudView;
};
