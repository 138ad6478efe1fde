/** Plays scenarios in several lanes, and makes the first one that differs as short as it gets. */
import { SeededRandom } from '../../sim/seeded-random.ts';
import { Chance } from './chance.ts';
import { type Heard, type Lane, play } from './lane.ts';
import { drawSteps, type Step } from './steps.ts';

/** Rounds of both lanes that may be spent on making a failure shorter. */
const SHRINKS_MAX = 60;

const STEPS = 30;

export type Difference = {
  readonly seed: number;
  readonly lane: string;
  /** All steps that are needed, the last of which differs. */
  readonly steps: readonly string[];
  readonly expected: readonly string[];
  readonly found: readonly string[];
};

/** Every third scenario has two sessions, which hear of each other. */
export const scenario = (seed: number): readonly Step[] =>
  drawSteps(new Chance(new SeededRandom(seed)), STEPS, seed % 3 === 0 ? 2 : 1);

/** The shortest scenario found that differs between the lanes; undefined if `seed` does not. */
export async function difference(
  seed: number,
  truth: Lane,
  lane: Lane,
): Promise<Difference | undefined> {
  let steps = scenario(seed);
  let shortest = await firstDifference(steps, truth, lane);
  if (shortest === undefined) return undefined;
  steps = steps.slice(0, shortest.at + 1);
  let spent = 0;
  for (let at = steps.length - 2; at >= 0 && spent < SHRINKS_MAX; at--, spent++) {
    const fewer = steps.toSpliced(at, 1);
    const still = await firstDifference(fewer, truth, lane);
    if (still === undefined) continue;
    shortest = still;
    steps = fewer.slice(0, still.at + 1);
    at = Math.min(at, steps.length - 1);
  }
  const { expected, found } = shortest;
  const says = steps.map(({ session, says }) => `${session}: ${says}`);
  return { seed, lane: lane.name, steps: says, expected, found };
}

/** An answer after which the server was not ready. */
const isFall = (step: Step | undefined, answer: readonly string[]): boolean =>
  step?.readies !== 0 && !answer.some((message) => message.startsWith('Z'));

type Place = {
  readonly at: number;
  readonly expected: readonly string[];
  readonly found: readonly string[];
};

async function firstDifference(
  steps: readonly Step[],
  truth: Lane,
  lane: Lane,
): Promise<Place | undefined> {
  const expected = await play(truth, steps);
  // A few of these conversations make PostgreSQL itself fall over. There is nothing to compare with.
  const answers = expected.slice(expected.length - steps.length);
  if (answers.some((answer, at) => isFall(steps[at], answer))) return undefined;
  const found = await play(lane, steps).catch(
    (error: Error): Heard => [[`${error.stack}\n${error.cause}`]],
  );
  const sessions = expected.length - steps.length;
  for (const [number, one] of expected.entries()) {
    const other = found[number] ?? ['nothing'];
    if (JSON.stringify(one) === JSON.stringify(other)) continue;
    return { at: number - sessions, expected: one, found: other };
  }
  return undefined;
}
