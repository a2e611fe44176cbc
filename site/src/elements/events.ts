// The custom events of the portal's elements, each with the type of its detail.

import type { Folder } from "../app/folder.js";

/** Detail of each event, by its name. */
type Details = {
  /** Looks up a question: an artifact, a digest, an actor or a key. */
  readonly ask: string;
  /** Takes a file that was dropped or chosen. */
  readonly take: File;
  /** Takes a folder that was dropped or chosen. */
  readonly "take-folder": Folder;
  /** Opens the trust file. */
  readonly trust: undefined;
  /** Opens the event at an index, or closes the open one. */
  readonly choose: string | undefined;
  /** Sets the limit on the checkpoint's age. */
  readonly limit: string | undefined;
  /** Reads the whole log instead of asking its index. */
  readonly scan: undefined;
  /** Takes the word of the log's index, or no longer. */
  readonly word: boolean;
  /** Asks the same question again. */
  readonly again: undefined;
  /** Moves the timeline's window to begin at an event. */
  readonly move: number;
  /** Keeps a trust file as the reader's own. */
  readonly keep: string;
  /** Forgets the reader's own trust file. */
  readonly forget: undefined;
  /** Accepts the changed trust file that comes with the page. */
  readonly accept: undefined;
  /** Closes the trust file without a decision. */
  readonly withdraw: undefined;
};

/** The events themselves, by name. */
export type PortalEvents = { readonly [Name in keyof Details]: CustomEvent<Details[Name]> };

declare global {
  interface HTMLElementEventMap extends PortalEvents {}
}

/** Sends an event from `element` to the elements around it, across shadow roots. */
export function send<Name extends keyof Details>(
  element: HTMLElement,
  name: Name,
  ...detail: Details[Name] extends undefined ? [] : [Details[Name]]
): void {
  element.dispatchEvent(new CustomEvent(name, { detail: detail[0], bubbles: true, composed: true }));
}
