import { expect, test } from 'vitest';
import type { TenantId } from '../domain/ids.ts';
import type { LevelTotals } from '../domain/levels.ts';
import { ms } from '../domain/units.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { LadderLog } from './ladder-log.ts';

const [ACME, OTHER] = ['tn_acme', 'tn_other'] as const as unknown as readonly [TenantId, TenantId];

/** What the catalog was asked, in order; each answer takes a turn, and `fails` says what is refused. */
function written(fails: (what: string) => boolean = () => false) {
  const clock = new VirtualClock();
  const log = new MemoryLog();
  const asked: string[] = [];
  let atOnce = 0;
  const ask = async (what: string) => {
    asked.push(what);
    atOnce += 1;
    expect(atOnce).toBe(1);
    await Promise.resolve();
    atOnce -= 1;
    if (fails(what)) throw new Error('refused');
  };
  const catalog = {
    noteLevels: (id: TenantId, change: Partial<LevelTotals>) => ask(`${id} ${said(change)}`),
    recordStep: (id: TenantId, { kind }: { kind: string }) => ask(`${id} ${kind}`),
  };
  const ladder = new LadderLog({ clock, catalog, log });
  const step = (id: TenantId, kind: 'wake' | 'suspend' | 'resize') =>
    ladder.step(id, { kind, bytes: 0, since: clock.now(), because: 'a test' });
  return { clock, log, asked, ladder, step };
}

const said = (change: Partial<LevelTotals>) => JSON.stringify(change).replaceAll('"', '');

test('what is told of a wake is written a moment later, not beside it', async () => {
  const { clock, asked, ladder, step } = written();
  ladder.woke(ACME, 'L2');
  step(ACME, 'wake');
  await clock.advance(ms(199));
  expect(asked).toEqual([]);
  await clock.advance(ms(1));
  expect(asked).toEqual(['tn_acme {wakesL2:1}', 'tn_acme wake']);
  step(ACME, 'suspend');
  await clock.advance(ms(199));
  expect(asked).toHaveLength(2);
  await clock.advance(ms(1));
  expect(asked.at(-1)).toBe('tn_acme suspend');
});

test('of one tenant notes are one: counts add up, and bytes are those told last', async () => {
  const { clock, asked, ladder, step } = written();
  const reading = { bytes: { l1: null, l2: 7, l3: 8 }, relations: [] };
  ladder.woke(ACME, 'L2');
  ladder.woke(ACME, 'L2');
  ladder.woke(ACME, 'L4');
  ladder.woke(OTHER, 'L3');
  ladder.rested(ACME, { ...reading, hits: { l1: 5, l2: null, l3: 1 } });
  ladder.rested(ACME, { ...reading, hits: { l1: 2, l2: 3, l3: 0 } });
  ladder.shelved(ACME, 0);
  step(ACME, 'wake');
  step(ACME, 'resize');
  await clock.advance(ms(200));
  expect(asked).toEqual([
    'tn_acme {wakesL2:2,wakesL4:1,l2:0,l3:8,hitsL1:7,hitsL2:3,hitsL3:1}',
    'tn_acme wake',
    'tn_acme resize',
    'tn_other {wakesL3:1}',
  ]);
});

test('all is written at once when that is asked for, with what comes meanwhile', async () => {
  const { asked, ladder, step } = written();
  step(ACME, 'wake');
  const first = ladder.written();
  step(OTHER, 'wake');
  const second = ladder.written();
  step(ACME, 'suspend');
  await Promise.all([first, second]);
  expect(asked).toEqual(['tn_acme wake', 'tn_acme suspend', 'tn_other wake']);
  await ladder.written();
  expect(asked).toHaveLength(3);
});

test('what is refused is left out, and told to the log alone', async () => {
  const { log, asked, ladder, step } = written((what) => what.includes('wake'));
  ladder.woke(ACME, 'L3');
  step(ACME, 'wake');
  step(ACME, 'suspend');
  await ladder.written();
  expect(asked).toEqual(['tn_acme {wakesL3:1}', 'tn_acme wake', 'tn_acme suspend']);
  expect(log.lines.map(({ level }) => level)).toEqual(['debug', 'debug']);
});

test('while the catalog does not answer, no more wait than a bound', async () => {
  const { log, asked, ladder, step } = written();
  for (let count = 0; count < 10_010; count++) step(ACME, 'wake');
  expect(log.lines).toHaveLength(10);
  await ladder.written();
  expect(asked).toHaveLength(10_000);
  step(ACME, 'suspend');
  await ladder.written();
  expect(asked.at(-1)).toBe('tn_acme suspend');
});
