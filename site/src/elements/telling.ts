// Text of the verdict's card in each state of the page.
import { asksLog, nameOf, type Subject, type View, type Working } from "../app/view.js";
import { accusationSentence } from "../report/accusation_words.js";
import { sentence, type Claim } from "../report/sentence.js";
import { bytes, counted, figures } from "../text/count.js";
import { visibleText } from "../text/visible.js";
import type { Telling } from "./gl-verdict.js";

const UNDECIDED: readonly Claim[] = (["Included", "Complete", "Fresh"] as const).map((name) => ({
  name,
  outcome: "unknown",
  text: "not decided yet",
}));

const NO_TRUST =
  "None came with this page, and this browser keeps none of yours. " +
  "A trust file names the log’s key and its witnesses: drop one on this page, or paste it.";

/** Text of the card in a state of the page. */
export function tell(view: View): Telling | undefined {
  switch (view.kind) {
    case "welcome":
      return undefined;
    case "hashing":
      return {
        tone: "pending",
        headline: `Hashing ${view.file}`,
        why: `${view.total > 0 ? `${bytes(view.done)} of ${bytes(view.total)}.` : "Its files are listed."} It stays on this machine.`,
        detail: "",
        claims: UNDECIDED,
        done: view.total > 0 ? view.done / view.total : undefined,
      };
    case "working": {
      return {
        tone: "pending",
        headline: `Checking ${nameOf(view.subject)}`,
        why: progress(view),
        detail: "",
        claims: UNDECIDED,
        done: view.total > 0 ? view.done / view.total : undefined,
      };
    }
    case "report": {
      if (view.subject.kind === "fraud" || view.subject.kind === "inconsistency")
        return { ...accusationSentence(view.report), claims: undefined, done: undefined };
      const { wantsFullScan, wantsWord, ...told } = sentence(
        view.report,
        view.trust.source,
        view.subject.kind === "contents" ? view.subject.name : undefined,
      );
      const offersScan = wantsFullScan && asksLog(view.subject);
      const detail = [told.detail, notHashed(view.subject)].filter(Boolean).join(" ");
      return { ...told, detail, done: undefined, offersScan, offersWord: wantsWord };
    }
    case "untrusted":
      return {
        tone: "unknown",
        headline: "A trust file is missing.",
        why: NO_TRUST,
        detail: "",
        claims: undefined,
        done: undefined,
      };
    case "stopped":
      return {
        tone: "unknown",
        headline: view.headline,
        why: view.why,
        detail: "",
        claims: undefined,
        done: undefined,
      };
  }
}

/** Names the paths of a folder that are left out. */
function notHashed(subject: Subject): string {
  const leftOut = subject.kind === "contents" ? subject.contents.leftOut : [];
  return leftOut.length > 0 ? `Not hashed: ${leftOut.join(", ")}.` : "";
}

function progress({ total, done, positions, checks }: Working): string {
  const read = total > 0 ? `${figures(done)} of ${counted(total, "entry", "entries")} read.` : "";
  if (positions) return `The index lists ${counted(positions, "event")}. ${read}`;
  if (read) return read;
  return checks.some(({ outcome }) => outcome === "pass")
    ? "Reading the files that the log’s checkpoint commits to."
    : "Fetching the log’s checkpoint.";
}

/** Text for screen readers: the card's text, and one word for all progress. */
export function announcement(view: View): string {
  if (view.kind === "working" || view.kind === "hashing") return "Checking";
  const telling = tell(view);
  return telling ? plain([telling.headline, telling.why, telling.detail].join(" ")) : "";
}

/** The title of the browser's tab. */
export function title(view: View): string {
  const telling = tell(view);
  return telling ? `${plain(telling.headline)} · Glasslog` : "Glasslog";
}

/** The text without the marks of names. */
function plain(text: string): string {
  return visibleText(text).replaceAll("`", "");
}
