// Explains why a question has no report.
import { Broken, Refused } from "../worker/client.js";
import { Unreachable } from "./fetcher.js";
import type { Stopped } from "./view.js";

/** Explains an error; `blocked` if the page's own security policy refused a request. */
export function explain(error: unknown, blocked: boolean): Pick<Stopped, "headline" | "why"> {
  if (error instanceof Refused) return { headline: "This question cannot be looked up.", why: error.message };
  if (error instanceof Unreachable && blocked) {
    return {
      headline: "This page may not read that log.",
      why: "It reads only the addresses that its operator has allowed (glasslog portal --connect).",
    };
  }
  if (error instanceof Unreachable) {
    return { headline: "The log could not be read to the end.", why: `${error.message}. Nothing was concluded.` };
  }
  if (error instanceof Broken) {
    const why = `It failed in the middle of its work (${error.message}). Nothing was concluded.`;
    return { headline: "The verifier stopped.", why: `${why} A fresh verifier takes the next question.` };
  }
  return { headline: "The check could not be made.", why: error instanceof Error ? error.message : String(error) };
}
