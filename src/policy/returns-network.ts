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

/** Units that are summed at the same time: the processor adds for one while another's sum is not ready yet. */
const ABREAST = 4;

/** The weights of the signs, sign by sign for as many units as are summed at the same time. */
const abreast = Float64Array.from({ length: HIDDEN * SIGNS }, (_, place) => {
  const unit = ABREAST * Math.floor(place / (ABREAST * SIGNS)) + (place % ABREAST);
  const sign = Math.floor(place / ABREAST) % SIGNS;
  return weights[unit * ROW + 2 + sign] ?? 0;
});

/** The log of the factor. */
export function logFactor(signs: Float64Array): number {
  let sum = weights[HIDDEN * ROW] ?? 0;
  const direct = HIDDEN * ROW + 1;
  for (let i = 0; i < SIGNS; i += 1) sum += (weights[direct + i] ?? 0) * (signs[i] ?? 0);
  let at = 0;
  for (let row = 0; row < HIDDEN * ROW; row += ABREAST * ROW) {
    let a = weights[row] ?? 0;
    let b = weights[row + ROW] ?? 0;
    let c = weights[row + 2 * ROW] ?? 0;
    let d = weights[row + 3 * ROW] ?? 0;
    for (let i = 0; i < SIGNS; i += 1) {
      const sign = signs[i] ?? 0;
      a += (abreast[at] ?? 0) * sign;
      b += (abreast[at + 1] ?? 0) * sign;
      c += (abreast[at + 2] ?? 0) * sign;
      d += (abreast[at + 3] ?? 0) * sign;
      at += ABREAST;
    }
    sum += (weights[row + 1] ?? 0) * Math.tanh(a);
    sum += (weights[row + 1 + ROW] ?? 0) * Math.tanh(b);
    sum += (weights[row + 1 + 2 * ROW] ?? 0) * Math.tanh(c);
    sum += (weights[row + 1 + 3 * ROW] ?? 0) * Math.tanh(d);
  }
  return sum;
}
