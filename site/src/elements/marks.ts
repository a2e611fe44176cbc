// Shapes of outcomes and weights: a tick in a circle, a cross in a square, a question in a triangle. Colour is never
// the only sign.
import { css, html, svg, type TemplateResult } from "lit";
import type { Outcome } from "@glasslog/verify";

export type MarkKind = Outcome | "pending";

const SHAPES = {
  pass: svg`<circle cx="12" cy="12" r="10.4" fill="currentColor" opacity=".15"/>
    <path d="m7 12.4 3.4 3.4L17.2 9" fill="none" stroke="currentColor" stroke-width="2.3"
      stroke-linecap="round" stroke-linejoin="round"/>`,
  fail: svg`<rect x="1.8" y="1.8" width="20.4" height="20.4" rx="4" fill="currentColor" opacity=".15"/>
    <path d="m8 8 8 8m0-8-8 8" fill="none" stroke="currentColor" stroke-width="2.3" stroke-linecap="round"/>`,
  unknown: svg`<path d="M12 2.2 23 21.4H1Z" fill="currentColor" opacity=".17"
      stroke="currentColor" stroke-opacity=".3" stroke-linejoin="round"/>
    <path d="M9.7 11.2c0-1.4 1-2.3 2.3-2.3s2.3.9 2.3 2.1c0 1.7-2.3 1.7-2.3 3.5m0 3v.1" fill="none"
      stroke="currentColor" stroke-width="1.9" stroke-linecap="round"/>`,
  pending: svg`<circle cx="12" cy="12" r="9.6" fill="none" stroke="currentColor" stroke-width="1.6"
      stroke-dasharray="2.5 3.5" stroke-linecap="round"/>`,
} as const;

const WORDS = { pass: "passed", fail: "failed", unknown: "not decided", pending: "still to come" } as const;

/** Shape for an outcome. Without `label` it is decoration beside words that say the same. */
export function mark(kind: MarkKind, size = 18, label = true): TemplateResult {
  const shape = SHAPES[kind];
  return label
    ? html`<svg
        class="mark ${kind}"
        width=${size}
        height=${size}
        viewBox="0 0 24 24"
        role="img"
        aria-label=${WORDS[kind]}
      >
        ${shape}
      </svg>`
    : html`<svg class="mark ${kind}" width=${size} height=${size} viewBox="0 0 24 24" aria-hidden="true">
        ${shape}
      </svg>`;
}

/** Shape for the weight of an action: round for routine, square for material, a diamond for custody. */
export function weightShape(weight: string | null, x = 0, y = 0): TemplateResult<2> {
  switch (weight) {
    case "routine":
      return svg`<circle class="routine" cx=${x} cy=${y} r="5.2" fill="currentColor"/>`;
    case "material":
      return svg`<rect class="material" x=${x - 4.8} y=${y - 4.8} width="9.6" height="9.6" rx="2"
        fill="currentColor"/>`;
    case "custody":
      return svg`<rect class="custody" x=${x - 4.6} y=${y - 4.6} width="9.2" height="9.2" rx="1.2"
        fill="currentColor" transform="rotate(45 ${x} ${y})"/>`;
    default:
      return svg`<circle class="other" cx=${x} cy=${y} r="4.4" fill="none" stroke="currentColor" stroke-width="1.8"/>`;
  }
}

/** Colours of the shapes of weights. */
export const weightStyles = css`
  .routine {
    color: var(--routine);
  }
  .material {
    color: var(--material);
  }
  .custody {
    color: var(--custody);
  }
  .other {
    color: var(--edge);
  }
`;

/** Shape for a weight inside a line of text. */
export function weightMark(weight: string | null): TemplateResult {
  return html`<svg class="weight" width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true">
    ${weightShape(weight)}
  </svg>`;
}

/** The logo: four tiles of glass, one of them lit. */
export const glyph = svg`<g fill="none" stroke="var(--accent)" stroke-width="1.8">
    <rect x="2" y="2" width="10" height="10" rx="2.2"/>
    <rect x="14" y="2" width="10" height="10" rx="2.2" opacity=".55"/>
    <rect x="2" y="14" width="10" height="10" rx="2.2" opacity=".55"/>
    <rect x="14" y="14" width="10" height="10" rx="2.2" fill="var(--accent)" fill-opacity=".3"/>
  </g>`;
