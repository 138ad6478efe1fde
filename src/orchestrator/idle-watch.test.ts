import { expect, test } from 'vitest';
import { seconds } from '../domain/units.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { type DueAction, type IdleTerms, IdleWatch } from './idle-watch.ts';

/** As the terms of a tenant whose time of sleep the policy moves: new ones whenever they are asked for. */
const terms = (): IdleTerms => ({
  ...{ tier: 'WARM', rung: 'WARM', wants: null },
  kept: { kind: 'idle', by: 'rules' },
  way: [
    { after: seconds(10), what: { kind: 'shedL2', keep: 0.5 } },
    { after: seconds(20), what: { kind: 'shedL2', keep: 0.2 } },
    { after: seconds(30), what: { kind: 'suspend' } },
  ],
});

test('a way that is made anew at every look is gone to its end', async () => {
  const clock = new VirtualClock();
  const due: DueAction[] = [];
  const uses = { heldBy: null, usedAt: null, sessions: 0, bound: 0 };
  const watch = new IdleWatch(clock, uses as never, {
    onDue: (action) => due.push(action),
    onAsk: () => {},
  });
  await clock.advance(seconds(60));
  for (let looks = 0; looks < 3; looks++) {
    watch.ask(terms);
    const last = due.at(-1);
    if (last?.kind === 'step') watch.went(terms(), last.what, watch.round);
  }
  expect(due.map((action) => action.kind === 'step' && action.what)).toEqual(
    terms().way.map(({ what }) => what),
  );
});

test('what was begun before somebody came is no step of the way that begins then', () => {
  const clock = new VirtualClock();
  const uses = { heldBy: null, usedAt: null, sessions: 0, bound: 0 };
  const watch = new IdleWatch(clock, uses as never, { onDue: () => {}, onAsk: () => {} });
  const { round } = watch;
  watch.came();
  watch.went(terms(), { kind: 'shedL2', keep: 0.5 }, round);
  expect(watch.live(true, terms()).descent).toBeNull();
});
