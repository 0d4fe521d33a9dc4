/** How trust is said and drawn, the same everywhere. */
import type { PersonTrust } from "../../state/trust";
import { t } from "../../text/i18n";
import type { ShieldKind } from "./ShieldIcon";

export function shieldOf(trust: PersonTrust): ShieldKind {
  if (trust === "verified") return "sure";
  return trust === "changed" ? "warn" : "open";
}

/** A few words, as beside a shield. */
export function trustWords(trust: PersonTrust): string {
  return t(`trust:${trust}`);
}
