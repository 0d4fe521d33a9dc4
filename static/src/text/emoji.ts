/** The names of the verification emoji; the SDK knows the English ones. */
export function emojiName(english: string): string {
  return english;
}
