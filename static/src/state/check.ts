/** The network test: its steps as they run. */
import { signal } from "@preact/signals";

export type StepState = "waiting" | "running" | "passed" | "warned" | "failed" | "skipped";

export interface Outcome {
  state: Exclude<StepState, "waiting" | "running">;
  /** What was found, as a sentence. */
  detail: string;
  /** What to do about it; empty where nothing needs to be done. */
  remedy: string;
}

export interface Step {
  id: string;
  title: string;
  state: StepState;
  detail: string;
  remedy: string;
}

/** The page of the test is shown. */
export const checkOpen = signal(false);
export const checkSteps = signal<readonly Step[]>([]);
export const checkRunning = signal(false);

export function update(id: string, change: Partial<Step>) {
  checkSteps.value = checkSteps.value.map((each) =>
    each.id === id ? { ...each, ...change } : each,
  );
}

const MARKS: Record<StepState, string> = {
  waiting: "·",
  running: "…",
  passed: "✓",
  warned: "!",
  failed: "✗",
  skipped: "–",
};

/** For a message to whoever helps: a line for each step. */
export function resultText(steps: readonly Step[], heading: string): string {
  const lines = steps.flatMap(({ state, title, detail, remedy }) => [
    `${MARKS[state]} ${title}: ${detail}`,
    ...(remedy ? [`  → ${remedy}`] : []),
  ]);
  return [heading, ...lines].join("\n");
}
