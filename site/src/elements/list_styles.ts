// Styles of the list of events: a table that grows with the page, or a long one that scrolls by itself.
import { css } from "lit";

export const listStyles = css`
  header {
    align-items: center;
  }
  header .order {
    margin-left: auto;
  }
  table {
    border-collapse: collapse;
    width: 100%;
    font-size: 0.875rem;
  }
  th {
    font-weight: 500;
    color: var(--dim);
    text-align: left;
    font-size: 0.78125rem;
  }
  th,
  td {
    padding: 0.45rem 0.6rem;
    border-bottom: 1px solid var(--line);
    vertical-align: middle;
  }
  th:first-child,
  td:first-child {
    padding-left: 1.15rem;
  }
  th:last-child,
  td:last-child {
    padding-right: 1.15rem;
    text-align: right;
  }
  tbody tr:last-child td {
    border-bottom: 0;
  }
  tr.room td {
    padding: 0;
    border: 0;
  }
  .none {
    padding: 1.6rem 1.15rem;
    text-align: center;
    color: var(--dim);
  }
  .cut {
    padding: 0.7rem 1.15rem;
    border-top: 1px solid var(--line);
  }
  /* In a long list all rows are equally high, so that rows that are not drawn have a known height. */
  .long {
    max-height: min(46rem, 82vh);
    overflow-y: auto;
    overflow-anchor: none;
    contain: content;
    border-radius: 0 0 var(--round) var(--round);
  }
  .long thead th {
    position: sticky;
    top: 0;
    z-index: 1;
    background: var(--card);
    border-bottom: 0;
    box-shadow: inset 0 -1px 0 var(--line);
  }
  .long table {
    table-layout: fixed;
  }
  .long .c-action {
    width: 24%;
  }
  .long .c-when {
    width: 9.5rem;
  }
  .long .c-entry {
    width: 12rem;
  }
  .long tr.event {
    height: 2.8125rem;
  }
  .long tr.event td {
    padding-block: 0;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .long tr.event td.a,
  .long tr.event td.s {
    min-width: 0;
  }
  .long .toggle,
  .long .at {
    max-width: 100%;
    flex-wrap: nowrap;
    overflow: hidden;
  }
  .long .reason {
    display: inline;
  }
  @media (max-width: 640px) {
    .long tr.event {
      height: 5.25rem;
      grid-template-rows: repeat(3, 1.45rem);
      padding-block: 0.4rem;
      overflow: hidden;
    }
    .long tr.event td.s {
      display: none;
    }
    .long tr.room,
    .long tr.room td {
      display: block;
    }
  }
`;
