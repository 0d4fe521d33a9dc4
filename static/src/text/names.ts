/** Names that others chose: shown as they are, and never able to disturb what is around them. */

const LONGEST = 100;
/** Controls, and what turns the direction of the text that follows (UAX #9, 2.1 to 2.4). */
const DISTURBING = /[\p{Cc}\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** One line of at most 100 characters; "" where nothing is left to read. */
export function tidyName(name: string): string {
  // Cut before the expressions run: a profile may carry 64 KB.
  const line = name
    .slice(0, 20 * LONGEST)
    .replace(DISTURBING, " ")
    .replace(/\s+/g, " ")
    .trim();
  const letters = Array.from(line);
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join("")}…` : line;
}
