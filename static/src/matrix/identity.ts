/**
 * Whom the other side says is on the line (MSC3086, m.call.asserted_identity). Nothing proves it:
 * it is shown as what they say, beside the name that the homeserver knows.
 */
import { tidyName } from "../text/names";

export interface Identity {
  id: string | null;
  name: string;
}

/** null, which reverts to the party itself, for null, an empty object and whatever cannot be read. */
export function identityOf(content: Record<string, unknown>): Identity | null {
  const said = content.asserted_identity;
  if (typeof said !== "object" || said === null) return null;
  const { id, display_name: name } = said as Record<string, unknown>;
  const known = typeof id === "string" ? tidyName(id) : "";
  const shown = (typeof name === "string" && tidyName(name)) || known;
  return shown ? { id: known || null, name: shown } : null;
}
