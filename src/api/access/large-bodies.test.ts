import { EventEmitter } from 'node:events';
import type { FastifyReply } from 'fastify';
import { expect, test } from 'vitest';
import { isFault } from '../../domain/faults.ts';
import { BODY_BYTES_MAX, LARGE_BODIES_BYTES_MAX, LargeBodies } from './large-bodies.ts';

const MOST = LARGE_BODIES_BYTES_MAX / 4;

function setUp() {
  const bodies = new LargeBodies();
  const hold = (announced?: number): EventEmitter => {
    const raw = new EventEmitter();
    const headers = announced === undefined ? {} : { 'content-length': `${announced}` };
    bodies.hold({ headers }, { raw } as unknown as FastifyReply, MOST);
    return raw;
  };
  const isFull = (announced?: number): boolean => {
    try {
      hold(announced).emit('close');
      return false;
    } catch (error) {
      if (isFault(error, 'BODIES_FULL')) return true;
      throw error;
    }
  };
  return { hold, isFull };
}

test('large bodies share what room there is until their requests are over', () => {
  const { hold, isFull } = setUp();
  const held = [MOST, MOST, MOST].map(hold);
  // What announces no length may be as long as any.
  held.push(hold());
  expect([isFull(), isFull(MOST), isFull(BODY_BYTES_MAX + 1)]).toEqual([true, true, true]);
  held[0]?.emit('close');
  expect([isFull(), isFull(MOST)]).toEqual([false, false]);
});

test('small ones, and those that are refused for their length, take no room', () => {
  const { hold, isFull } = setUp();
  for (let n = 0; n < 10; n++) hold(BODY_BYTES_MAX);
  for (let n = 0; n < 10; n++) hold(MOST + 1);
  for (let n = 0; n < 4; n++) expect(isFull(MOST)).toBe(false);
  for (let n = 0; n < 4; n++) hold(MOST);
  expect([isFull(BODY_BYTES_MAX), isFull(BODY_BYTES_MAX + 1)]).toEqual([false, true]);
});
