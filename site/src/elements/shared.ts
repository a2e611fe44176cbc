// Styles that several elements share.
import { css } from "lit";

export const shared = css`
  :host {
    display: block;
  }
  :host([hidden]) {
    display: none;
  }
  * {
    box-sizing: border-box;
  }
  a {
    color: var(--accent);
    text-underline-offset: 0.18em;
    text-decoration-thickness: 1px;
  }
  a:hover {
    text-decoration-thickness: 2px;
  }
  code,
  .mono {
    font-family: var(--mono);
    font-size: 0.8125rem;
    font-variant-ligatures: none;
  }
  .dim {
    color: var(--dim);
  }
  .small {
    font-size: 0.8125rem;
  }
  h1,
  h2,
  h3,
  p {
    margin: 0;
  }
  button,
  select {
    font: inherit;
    font-size: 0.8125rem;
    line-height: 1.35;
    min-height: 2rem;
    color: inherit;
    background: var(--card);
    border: 1px solid var(--edge);
    border-radius: 8px;
    padding: 0.25rem 0.7rem;
    cursor: pointer;
  }
  button:hover,
  select:hover {
    border-color: var(--accent);
    color: var(--accent);
  }
  button.primary {
    color: var(--on-accent);
    background: var(--accent);
    border-color: var(--accent);
    font-weight: 600;
  }
  button.primary:hover {
    filter: brightness(1.08);
    color: var(--on-accent);
  }
  button.plain {
    border: 0;
    background: none;
    padding: 0;
    min-height: 1.5rem;
    color: var(--accent);
    text-decoration: underline;
    text-decoration-thickness: 1px;
    text-underline-offset: 0.18em;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .card {
    background: var(--card);
    border: 1px solid var(--line);
    border-radius: var(--round);
  }
  .card > header {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 0.1rem 0.75rem;
    padding: 0.8rem 1.15rem;
    border-bottom: 1px solid var(--line);
  }
  .card > header h2 {
    font-size: 0.9375rem;
    font-weight: 620;
    letter-spacing: -0.005em;
  }
  .card > header p {
    color: var(--dim);
    font-size: 0.8125rem;
  }
  .pass {
    color: var(--pass);
  }
  .fail {
    color: var(--fail);
  }
  .unknown {
    color: var(--unknown);
  }
  .pending {
    color: var(--edge);
  }
  .odd {
    font-family: var(--mono);
    font-size: 0.75em;
    color: var(--ink);
    background: var(--odd-ground);
    border-radius: 3px;
    padding: 0 0.25em;
    white-space: nowrap;
  }
  .hush {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;
