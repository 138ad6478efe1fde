import { expect, test } from 'vitest';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { Rounds } from './rounds.ts';
import { minutes } from './units.ts';

function rounds(work: () => Promise<void>) {
  const clock = new VirtualClock();
  const log = new MemoryLog();
  const made = new Rounds({ clock, log, every: minutes(1), work, failed: 'it failed' });
  return { clock, log, rounds: made };
}

test('a round is done each minute, also behind one that has failed, and no more once it is closed', async () => {
  let done = 0;
  const {
    clock,
    log,
    rounds: own,
  } = rounds(async () => {
    done += 1;
    if (done === 1) throw new Error('the first');
  });
  own.start();
  expect(done).toBe(0);
  await clock.advance(minutes(3));
  expect(done).toBe(3);
  expect(log.lines.map(({ message }) => message)).toEqual(['it failed']);
  await own.close();
  own.start();
  await own.now();
  await clock.advance(minutes(3));
  expect(done).toBe(3);
});

test('what is asked for waits for the round that is under way, and the end for it alone', async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const told: string[] = [];
  let at = 0;
  const { rounds: own } = rounds(async () => {
    const place = at;
    at += 1;
    told.push(`begun ${place}`);
    await gates[place]?.promise;
    told.push(`done ${place}`);
  });
  const first = own.now();
  const second = own.now();
  await Promise.resolve();
  expect(told).toEqual(['begun 0']);
  const closed = own.close();
  gates[0]?.resolve();
  await Promise.all([first, second, closed]);
  expect(told).toEqual(['begun 0', 'done 0']);
});
