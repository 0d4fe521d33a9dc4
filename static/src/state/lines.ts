/**
 * Which call is on the stage, which wait on hold, which ring: the rules, without any calling.
 *
 * Each function gives the next arrangement; `matrix/lines.ts` carries it out. `C` is a call,
 * compared by identity. What is on the stage may be on hold too: then nobody is talked to.
 */

export interface Lines<C> {
  stage: C | null;
  /** The one that was last on the stage comes first. */
  held: readonly C[];
  /** The first is shown; the others wait for their turn, or ring out. */
  ringing: readonly C[];
}

/** Nobody follows more, and each costs a connection. */
export const MOST_RINGING = 5;
export const MOST_HELD = 4;

export function noLines<C>(): Lines<C> {
  return { stage: null, held: [], ringing: [] };
}

export function all<C>(lines: Lines<C>): C[] {
  return [...(lines.stage ? [lines.stage] : []), ...lines.held, ...lines.ringing];
}

/** Unchanged where too many ring: another device of the same person may take that one. */
export function rung<C>(lines: Lines<C>, call: C): Lines<C> {
  if (lines.ringing.length >= MOST_RINGING) return lines;
  return { ...lines, ringing: [...lines.ringing, call] };
}

/** Whether one more call can go to the stage without any being ended for it. */
export function hasRoom<C>(lines: Lines<C>): boolean {
  return lines.stage === null || lines.held.length < MOST_HELD;
}

/** `call`, new or ringing or held, goes to the stage; what was there joins the held ones. */
export function staged<C>(lines: Lines<C>, call: C): Lines<C> {
  if (lines.stage === call) return lines;
  const others = without(lines, call);
  return {
    ...others,
    stage: call,
    held: lines.stage ? [lines.stage, ...others.held] : others.held,
  };
}

/** `call` is over. What was held last comes to the stage, where the person may resume it. */
export function without<C>(lines: Lines<C>, call: C): Lines<C> {
  const held = lines.held.filter((each) => each !== call);
  const ringing = lines.ringing.filter((each) => each !== call);
  if (lines.stage !== call) return { stage: lines.stage, held, ringing };
  return { stage: held[0] ?? null, held: held.slice(1), ringing };
}

/** `next` takes the place of `former`, wherever that is. */
export function replaced<C>(lines: Lines<C>, former: C, next: C): Lines<C> {
  const swap = (each: C) => (each === former ? next : each);
  return {
    stage: lines.stage === former ? next : lines.stage,
    held: lines.held.map(swap),
    ringing: lines.ringing.map(swap),
  };
}
