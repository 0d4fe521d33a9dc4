/** What the page knows of calls beside the one on the stage and the one that rings. */
import { signal } from "@preact/signals";
import type { CallView } from "./types";

/** Those that wait on hold, the last one on the stage first. */
export const heldCalls = signal<CallView[]>([]);
/** Ringing calls behind the one that is shown. */
export const moreRinging = signal(0);
/** The other side asks us to go on with somebody else (m.call.replaces). */
export const transferAsked = signal<TransferAsked | null>(null);

export interface TransferAsked {
  /** Of the call that it is about. */
  callId: string;
  /** Who asks. */
  by: string;
  /** With whom, as the asking side says. */
  target: string;
  targetName: string;
}
