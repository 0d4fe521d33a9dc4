/** Who and what is verified: `matrix/trust*.ts` writes it, components/trust reads it. */
import { signal } from "@preact/signals";

/**
 * This device among the person's own: `new` has no cross-signing keys at all, `unverified` has
 * them and has not shown that it belongs to them.
 */
export type Standing = "unknown" | "new" | "unverified" | "verified";

/** Another person: `unsigned` has confirmed no device, `changed` has another identity than before. */
export type PersonTrust = "verified" | "unverified" | "unsigned" | "changed";

export interface Person {
  userId: string;
  name: string;
  trust: PersonTrust;
  devices: { id: string; name: string; signed: boolean }[];
}

export interface RoomTrust {
  roomId: string;
  people: Person[];
  /** The least trusted of them; null where nobody else is here. */
  least: PersonTrust | null;
}

/** Something that a person in a call should hear about. */
export interface TrustAlert {
  kind: "device" | "identity";
  userId: string;
  name: string;
  device: string;
}

export type VerificationStep =
  | "asked"
  | "waiting"
  | "choose"
  | "working"
  | "emoji"
  | "scanned"
  | "done"
  | "cancelled";

export interface VerificationView {
  step: VerificationStep;
  /** With another device of one's own. */
  self: boolean;
  userId: string;
  name: string;
  emoji: [emoji: string, name: string][];
  /** What the other side scans; null where it cannot. */
  qr: Uint8ClampedArray | null;
  canScan: boolean;
  /** The specification's code of why it was cancelled, such as `m.user`. */
  reason: string;
}

/** The homeserver wants to be sure who asks: by password, or on a page of its own. */
export interface Reauthentication {
  page: string | null;
  problem: string;
  answer: (password: string | null) => void;
}

export const standing = signal<Standing>("unknown");
/** A recovery key exists and opens everything that it should. */
export const recoverable = signal(false);
export const roomTrust = signal<RoomTrust | null>(null);
export const alerts = signal<TrustAlert[]>([]);
export const verification = signal<VerificationView | null>(null);
export const reauthentication = signal<Reauthentication | null>(null);
export const dialog = signal<"encryption" | "person" | null>(null);
/** Asked once a visit, no more. */
export const askedLater = signal(false);

export function resetTrust() {
  standing.value = "unknown";
  recoverable.value = false;
  roomTrust.value = null;
  alerts.value = [];
  verification.value = null;
  reauthentication.value?.answer(null);
  reauthentication.value = null;
  dialog.value = null;
  askedLater.value = false;
}
