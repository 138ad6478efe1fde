/**
 * A short text that differs, for all practical purposes, where what the rules say of tiers does: kept with each
 * decision, it tells whether the rules have changed since. No proof against anybody.
 */
import type { Rules } from './rules.ts';

const marks = new WeakMap<Rules, string>();

/** Of what decides on tiers alone: rules for visitors or disks may change without it. */
export function rulesMark(rules: Rules): string {
  const known = marks.get(rules);
  if (known !== undefined) return known;
  const text = JSON.stringify([rules.tierRules, rules.plans, rules.tiers]);
  const mark = [FIRST_SEED, SECOND_SEED].map((seed) => hashOf(text, seed)).join('');
  marks.set(rules, mark);
  return mark;
}

const FIRST_SEED = 0x811c9dc5;
const SECOND_SEED = 0x9747b28c;

/** FNV-1a, from a seed. */
function hashOf(text: string, seed: number): string {
  let hash = seed;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
