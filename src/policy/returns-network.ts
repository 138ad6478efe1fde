/**
 * From signs to a factor: how much likelier a return is than by idle age alone.
 *
 *   log factor = b + Σ direct_i × sign_i + Σ out_j × tanh(bias_j + Σ in_ij × sign_i)
 *
 * One hidden layer, 1,274 weights for all tenants, 2 µs. They were learned once, on traces of machines,
 * players and cluster users and on made-up fleets (docs/policy-model.md); they say how much each sign is
 * worth, which is the same everywhere, while the signs themselves are learned of each tenant and fleet.
 */
import { SIGNS } from './returns-signs.ts';
import { weights } from './returns-weights.ts';

const HIDDEN = 24;

/** Row by row: of each hidden unit its bias, its weight at the output, and its weight of each sign. */
const ROW = SIGNS + 2;

/** The log of the factor. */
export function logFactor(signs: Float64Array): number {
  let sum = weights[HIDDEN * ROW] ?? 0;
  const direct = HIDDEN * ROW + 1;
  for (let i = 0; i < SIGNS; i += 1) sum += (weights[direct + i] ?? 0) * (signs[i] ?? 0);
  for (let unit = 0; unit < HIDDEN; unit += 1) {
    const row = unit * ROW;
    let input = weights[row] ?? 0;
    for (let i = 0; i < SIGNS; i += 1) input += (weights[row + 2 + i] ?? 0) * (signs[i] ?? 0);
    sum += (weights[row + 1] ?? 0) * Math.tanh(input);
  }
  return sum;
}
