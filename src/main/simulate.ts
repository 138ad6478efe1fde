/** The work behind `dynabase simulate`. Loaded only when it is asked for. */
import type { SimulateAnswer, SimulateRequest, SimulateSection } from '../cli/simulate.ts';
import { seconds } from '../domain/units.ts';
import { isPreset, PRESETS } from '../policy/rules.ts';
import { atBudget } from '../sim/budget.ts';
import { calibrationOf } from '../sim/calibration.ts';
import { compare, factsOf } from '../sim/compare.ts';
import { runFleet } from '../sim/fleet.ts';
import { parseFleet } from '../sim/fleet-file.ts';
import { rulesNamed } from '../sim/fleet-rules.ts';
import { forecastScore } from '../sim/forecast-score.ts';
import { frontierSvg } from '../sim/frontier-svg.ts';
import { productCosts } from '../sim/level-tally.ts';
import { policyNamed } from '../sim/policies.ts';
import { replay } from '../sim/replay.ts';
import { scoreOf } from '../sim/score.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { makeFleet } from '../sim/synthetic.ts';
import { parseTrace, type Trace } from '../sim/trace.ts';
import {
  budgetSection,
  comparisonSections,
  fleetSection,
  policySection,
  predictionSection,
  traceSection,
} from './simulate-words.ts';

const SEED_DEFAULT = 1;

/** As long as this a suspend and a wake cost more than they save. */
const FLOOR_AWAKE = seconds(60);

type Part = { readonly value: object; readonly sections: readonly SimulateSection[] };

type Tell = (what: string) => void;

export async function simulate(request: SimulateRequest, tell: Tell): Promise<SimulateAnswer> {
  const trace = traceOf(request);
  const facts = factsOf(trace, scoreOf(replay(trace, () => ({ spans: () => [] }))));
  const parts: Part[] = [{ value: { trace: facts }, sections: [traceSection(facts)] }];
  const policy = policyPart(trace, request, tell);
  if (policy !== null) parts.push(policy);
  if (request.orchestrate) parts.push(await fleetPart(trace, request, tell));
  const compared = request.compare ? comparePart(trace, request, tell) : null;
  if (compared !== null) parts.push(compared, predictionPart(trace, tell));
  return {
    value: Object.assign({}, ...parts.map(({ value }) => value)),
    sections: parts.flatMap(({ sections }) => sections),
    picture: compared?.picture ?? null,
  };
}

/** Null for a policy that only the orchestrator has. */
function policyPart(trace: Trace, { policy, budget, orchestrate }: SimulateRequest, tell: Tell) {
  const isOrchestrators = orchestrate && isPreset(policy) && policy !== 'adaptive';
  if (isOrchestrators && policy !== 'always-on') return null;
  const run = policyNamed(policy);
  tell(`${trace.name}: ${policy}`);
  if (run !== null) {
    const score = scoreOf(run(trace));
    const sections = [policySection(policy, score)];
    return { value: { policy: { name: policy, ...score } }, sections };
  }
  const request = {
    costs: productCosts(PRESETS.adaptive),
    reduction: budget,
    floorAwake: FLOOR_AWAKE,
  };
  const adaptive = atBudget(trace, request);
  return { value: { adaptive }, sections: [budgetSection(adaptive)] };
}

async function fleetPart(trace: Trace, request: SimulateRequest, tell: Tell): Promise<Part> {
  const rules = rulesNamed(request.policy);
  const seed = request.seed ?? SEED_DEFAULT;
  const orchestrated = await runFleet(trace, { rules, seed, tell });
  return { value: { orchestrated }, sections: [fleetSection(request.policy, orchestrated)] };
}

function comparePart(trace: Trace, { seed }: SimulateRequest, tell: Tell) {
  const comparison = compare(trace, { random: new SeededRandom(seed ?? SEED_DEFAULT), tell });
  const sections = comparisonSections(comparison);
  return { value: { comparison }, sections, picture: frontierSvg(comparison) };
}

function predictionPart(trace: Trace, tell: Tell): Part {
  tell(`${trace.name}: predictions`);
  const predictions = { returns: calibrationOf(trace), tiers: forecastScore(trace) };
  return { value: { predictions }, sections: [predictionSection(predictions)] };
}

/** Throws `BAD_REQUEST` for what is no trace, and no description of a fleet. */
function traceOf({ source, sample, warmupSeconds, busySeconds, seed }: SimulateRequest): Trace {
  const warmup = warmupSeconds ?? undefined;
  if (source.kind === 'fleet') {
    const fleet = parseFleet(source.text, source.name);
    return makeFleet(seed === null ? fleet : { ...fleet, seed }, { sample, warmup });
  }
  const busy = busySeconds ?? undefined;
  return parseTrace(source.text, { name: source.name, sample, warmup, busy });
}
