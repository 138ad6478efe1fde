/** The work behind `dynabase simulate`. Loaded only when it is asked for. */
import type { SimulateAnswer, SimulateRequest, SimulateSection } from '../cli/simulate.ts';
import { seconds } from '../domain/units.ts';
import { atBudget } from '../sim/budget.ts';
import { compare, factsOf } from '../sim/compare.ts';
import { frontierSvg } from '../sim/frontier-svg.ts';
import { MEASURED } from '../sim/level-tally.ts';
import { policyNamed } from '../sim/policies.ts';
import { replay } from '../sim/replay.ts';
import { scoreOf } from '../sim/score.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { parseTrace, type Trace } from '../sim/trace.ts';
import {
  budgetSection,
  comparisonSections,
  policySection,
  traceSection,
} from './simulate-words.ts';

const SEED_DEFAULT = 1;

/** As long as this a suspend and a wake cost more than they save. */
const FLOOR_AWAKE = seconds(60);

type Part = { readonly value: object; readonly sections: readonly SimulateSection[] };

export async function simulate(
  request: SimulateRequest,
  tell: (what: string) => void,
): Promise<SimulateAnswer> {
  const random = new SeededRandom(request.seed ?? SEED_DEFAULT);
  const trace = traceOf(request);
  const run = policyNamed(request.policy);
  const facts = factsOf(trace, scoreOf(replay(trace, () => ({ spans: () => [] }))));
  tell(`${trace.name}: ${request.policy}`);
  const parts: Part[] = [{ value: { trace: facts }, sections: [traceSection(facts)] }];
  if (run === null) {
    const budgeted = atBudget(trace, {
      ...{ costs: MEASURED, reduction: request.budget, floorAwake: FLOOR_AWAKE },
    });
    parts.push({ value: { adaptive: budgeted }, sections: [budgetSection(budgeted)] });
  } else {
    const score = scoreOf(run(trace));
    const sections = [policySection(request.policy, score)];
    parts.push({ value: { policy: { name: request.policy, ...score } }, sections });
  }
  let picture: string | null = null;
  if (request.compare) {
    const comparison = compare(trace, { random, tell });
    picture = frontierSvg(comparison);
    parts.push({ value: { comparison }, sections: comparisonSections(comparison) });
  }
  return {
    value: Object.assign({}, ...parts.map(({ value }) => value)),
    sections: parts.flatMap(({ sections }) => sections),
    picture,
  };
}

function traceOf({ source, sample, warmupSeconds, busySeconds }: SimulateRequest): Trace {
  return parseTrace(source.text, {
    ...{ name: source.name, sample },
    warmup: warmupSeconds ?? undefined,
    busy: busySeconds ?? undefined,
  });
}
