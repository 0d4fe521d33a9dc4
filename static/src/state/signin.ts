/** What the sign-in knows beside its fields: `signin/` writes it, components read it. */
import { signal } from "@preact/signals";

/** The browser is back from another site's sign-in, and the session is being fetched. */
export const returning = signal(false);
/** Seconds that this device's clock is ahead of the server's; null while near enough. */
export const clockAhead = signal<number | null>(null);
