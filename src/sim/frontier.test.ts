import { expect, test } from 'vitest';
import { Frontier, hypervolume } from './frontier.ts';
import { newTally, type Tally } from './replay.ts';

/** A rule whose cold starts fall as its idle time grows with the knob, up to a whole day. */
const ruleAt = (knob: number): Tally => ({
  ...newTally(),
  requests: 1_000_000,
  cold: Math.round(1e9 / (1_000 + knob)),
  idleWarm: Math.min(86_400, knob / 10),
  total: 86_400,
});

const ran: number[] = [];
const made = (): Frontier =>
  new Frontier((knobs) => {
    ran.push(...knobs);
    return knobs.map((knob) => [ruleAt(knob)]);
  });

test('a rule is brought to an idle time by its knob, and read there', () => {
  const frontier = made();
  frontier.approach([1, 20]);
  for (const idle of [1, 20]) {
    const knob = idle * 8_640;
    const read = frontier.atIdle(idle);
    expect(read?.idleWarm).toBeCloseTo(idle, 6);
    expect(Math.abs((read?.coldRate ?? 0) / (1e5 / (1_000 + knob)) - 1)).toBeLessThan(0.005);
    expect(frontier.idleAt(read?.coldRate ?? 0)).toBeCloseTo(idle, 1);
  }
  expect(new Set(ran).size).toBe(ran.length);
});

test('a rule that cannot idle so long or so little is read where it ends, or not at all', () => {
  const frontier = made();
  frontier.approach([0.001, 100]);
  expect(frontier.atIdle(0.001)).toBeNull();
  expect(frontier.atIdle(100)?.idleWarm).toBe(100);
  expect(frontier.idleAt(0)).toBeNull();
});

test('hypervolume is the part of the box that is worse than some point', () => {
  const worst = { idleWarm: 100, coldRate: 10 };
  expect(hypervolume([{ idleWarm: 0, coldRate: 0 }], worst)).toBe(1);
  expect(hypervolume([], worst)).toBe(0);
  const two = [
    { idleWarm: 50, coldRate: 2 },
    { idleWarm: 20, coldRate: 5 },
  ];
  expect(hypervolume(two, worst)).toBeCloseTo((30 * 5 + 50 * 8) / 1_000);
  expect(hypervolume([...two, { idleWarm: 60, coldRate: 4 }], worst)).toBeCloseTo(0.55);
});
