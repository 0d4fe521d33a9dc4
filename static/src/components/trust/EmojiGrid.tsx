import { emojiName } from "../../text/emoji";

/** Seven pictures with their names, for comparing by eye or by voice. */
export function EmojiGrid({ emoji }: { emoji: [string, string][] }) {
  return (
    <ol class="emoji-grid" data-testid="emoji">
      {emoji.map(([picture, name], index) => (
        <li key={index}>
          <span class="emoji-picture" aria-hidden="true">
            {picture}
          </span>
          <span class="emoji-name">{emojiName(name)}</span>
        </li>
      ))}
    </ol>
  );
}
