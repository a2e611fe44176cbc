// A list of named facts.
import { css, html } from "lit";

export const factsStyles = css`
  dl {
    display: grid;
    grid-template-columns: 8.5rem minmax(0, 1fr);
    gap: 0.35rem 1rem;
    margin: 0;
    padding: 0.9rem 1.15rem 1.1rem;
    font-size: 0.875rem;
    overflow-wrap: anywhere;
  }
  dt {
    color: var(--dim);
  }
  dd {
    margin: 0;
    min-width: 0;
  }
  gl-copy {
    display: inline-block;
    margin-left: 0.35rem;
  }
  @media (max-width: 560px) {
    dl {
      grid-template-columns: minmax(0, 1fr);
      gap: 0;
    }
    dd {
      margin-bottom: 0.5rem;
    }
  }
`;

export function fact(name: string, value: unknown): unknown {
  return html`<dt>${name}</dt>
    <dd>${value}</dd>`;
}
