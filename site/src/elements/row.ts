// One row of the list of events, and the details below it when it is open.
import { css, html, nothing, type TemplateResult } from "lit";
import { actionText, noteBadge, signatureStatus } from "../report/wording.js";
import type { EventView } from "@glasslog/verify";
import { figures } from "../text/count.js";
import { cutText } from "../text/cut.js";
import { moment, seconds } from "../text/time.js";
import { mark, weightMark, weightStyles } from "./marks.js";
import { outside } from "./text.js";

/** Context of a row besides its event. */
export type RowContext = {
  /** Position in the list, from 0. */
  readonly at: number;
  readonly now: number;
  /** Set if there is a column for artifacts. */
  readonly several: boolean;
  /** Details below an open row. */
  readonly details: TemplateResult | undefined;
  /** Set while the event's place in the log is proven and its signature is not judged yet. */
  readonly undecided: boolean;
  readonly toggle: (event: Event) => void;
};

const UNDECIDED = { outcome: "pending", short: "signature not judged yet" } as const;

/** Row number for assistive technology; row 1 is the head of the table. */
export function rowIndex(at: number): number {
  return at + 2;
}

export function eventRow(
  event: EventView,
  { at, now, several, details, undecided, toggle }: RowContext,
): TemplateResult {
  const index = String(event.index);
  const status = undecided ? UNDECIDED : signatureStatus(event);
  const time = seconds(event.occurredAt);
  const when = time === undefined ? outside(event.occurredAt ?? "no time") : moment(time, now);
  const doubt = status.outcome === "pass" || undecided ? [] : [{ kind: status.outcome, text: status.short }];
  const badges = [...event.notes.map((note) => ({ kind: "unknown", text: noteBadge(note) })), ...doubt].map(
    ({ kind, text }) => html`<span class="badge ${kind}">${outside(text)}</span>`,
  );
  return html`<tr
      class="event ${details ? "open" : ""}"
      id="entry-${index}"
      aria-rowindex=${rowIndex(at)}
      data-at=${at}
      @click=${toggle}
    >
      <td>
        <button
          class="toggle"
          aria-expanded=${details ? "true" : "false"}
          aria-controls=${details ? `more-${index}` : nothing}
          @click=${toggle}
        >
          ${weightMark(event.weight)}<span>${outside(actionText(event))}</span>${badge(event.outcome)}
        </button>
      </td>
      <td class="a"><span class="actor">${outside(cutText(event.actor ?? "", 40))}</span></td>
      ${several ? html`<td class="s"><span class="what">${subjects(event)}</span></td>` : nothing}
      <td class="r">${reason(event)}</td>
      <td class="w"><span class="when" title=${event.occurredAt ?? ""}>${when}</span></td>
      <td class="n">
        <span class="at" title=${status.short}>${badges}${figures(event.index)}${mark(status.outcome)}</span>
      </td>
    </tr>
    ${
      details
        ? html`<tr class="more" id="more-${index}">
            <td colspan=${several ? 6 : 5}>${details}</td>
          </tr>`
        : nothing
    }`;
}

/** Draws a row whose entry is known to exist and is not verified yet. */
export function pendingRow(at: number, several: boolean): TemplateResult {
  return html`<tr class="event pending" aria-rowindex=${rowIndex(at)} data-at=${at}>
    <td colspan=${several ? 5 : 4}><span class="toggle">being verified</span></td>
    <td class="n"><span class="at">${mark("pending")}</span></td>
  </tr>`;
}

/** Draws the reason, or nothing at all: narrow screens hide empty cells. */
function reason({ reason: given }: EventView): TemplateResult | typeof nothing {
  return given ? html`<span class="reason">${outside(given.text ?? given.code ?? "", true)}</span>` : nothing;
}

function subjects(event: EventView): unknown {
  const [first, ...others] = event.subjects;
  if (!first) return nothing;
  const more = others.length > 0 ? html` <span class="dim">and ${figures(others.length)} more</span>` : nothing;
  return html`${outside(cutText(first.name, 34))}${more}`;
}

function badge(outcome: string | null): unknown {
  if (outcome === null || outcome === "success") return nothing;
  return html`<span class="badge ${outcome === "denied" || outcome === "failure" ? outcome : ""}"
    >${outside(outcome)}</span
  >`;
}

export const rowStyles = css`
  ${weightStyles}
  tr.event {
    cursor: pointer;
  }
  tr.event:hover,
  tr.event.open {
    background: color-mix(in srgb, var(--accent) 6%, transparent);
  }
  tr.event.open td {
    border-bottom-color: transparent;
  }
  tr.more td {
    padding: 0;
    text-align: left;
    background: color-mix(in srgb, var(--accent) 4%, transparent);
  }
  button.toggle {
    display: inline-flex;
    align-items: center;
    gap: 0.5rem;
    border: 0;
    background: none;
    padding: 0.1rem 0.2rem;
    margin-left: -0.2rem;
    min-height: 1.6rem;
    font-size: inherit;
    white-space: nowrap;
    text-align: left;
  }
  .weight {
    flex: none;
  }
  .actor,
  .what {
    overflow-wrap: anywhere;
  }
  td.a,
  td.s {
    min-width: 9.5rem;
  }
  td.n {
    max-width: 13rem;
  }
  .reason {
    color: var(--dim);
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    overflow: hidden;
    overflow-wrap: anywhere;
  }
  .when {
    white-space: nowrap;
  }
  .at {
    display: inline-flex;
    flex-wrap: wrap;
    justify-content: end;
    gap: 0.15rem 0.5rem;
    align-items: center;
    color: var(--dim);
  }
  .at .mark {
    flex: none;
  }
  .badge {
    display: inline-block;
    border: 1px solid currentColor;
    border-radius: 5px;
    padding: 0 0.35rem;
    font-size: 0.75rem;
    line-height: 1.35;
    white-space: nowrap;
  }
  .badge.denied {
    color: var(--unknown);
  }
  .badge.failure {
    color: var(--fail);
  }
  tr.pending {
    cursor: default;
    color: var(--dim);
  }
  /* On a phone a row is a small card: action and time above, actor and reason below. */
  @media (max-width: 640px) {
    thead {
      position: absolute;
      clip-path: inset(50%);
      height: 1px;
      overflow: hidden;
    }
    table,
    tbody,
    tr.more,
    tr.more td {
      display: block;
    }
    tr.event {
      display: grid;
      grid-template-columns: minmax(0, 1fr) auto;
      gap: 0.05rem 0.75rem;
      padding: 0.6rem 1.15rem 0.65rem;
      border-bottom: 1px solid var(--line);
    }
    tr.event.open {
      border-bottom: 0;
    }
    tr.event td {
      display: block;
      padding: 0;
      border: 0;
    }
    tr.event td.n {
      grid-column: 2;
      grid-row: 1;
      align-self: center;
    }
    tr.event td.w {
      grid-column: 2;
      grid-row: 2;
      color: var(--dim);
      font-size: 0.8125rem;
    }
    tr.event td.a {
      grid-column: 1;
      grid-row: 2;
    }
    tr.event td.r,
    tr.event td.s {
      grid-column: 1 / -1;
      font-size: 0.8125rem;
    }
    tr.event td:empty {
      display: none;
    }
  }
`;
