/** Two tabs must not share one device's keys: the person chooses the tab. */
import { Icon } from "./Icon";

export function ElsewhereCard({ onTake }: { onTake: () => void }) {
  return (
    <main class="centre">
      <div class="mark">
        <Icon name="phone" />
      </div>
      <h1>Open in another tab</h1>
      <p class="soft">Calls ring there. You can move them here instead.</p>
      <button type="button" class="button primary" onClick={onTake} data-testid="use-here">
        Use it here
      </button>
    </main>
  );
}
