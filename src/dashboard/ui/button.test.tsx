import { useState } from 'react';
import { expect, test } from 'vitest';
import { click, once, rendered } from '../../testing/rendered.tsx';
import { Button } from './button.tsx';

test('a button that may do nothing says why, does nothing, and can be reached', async () => {
  let pressed = 0;
  let sent = 0;
  const { found } = await rendered(
    <form onSubmit={() => (sent += 1)}>
      <Button type="submit" disabledBecause="It sleeps." onClick={() => (pressed += 1)}>
        Wake
      </Button>
    </form>,
  );
  const button = found('button', 'Wake');
  await click(button);
  expect([pressed, sent]).toEqual([0, 0]);
  expect(button.getAttribute('aria-description')).toBe('It sleeps.');
  expect(document.activeElement).toBe(button);
  expect((await once(() => found('presentation'))).textContent).toContain('It sleeps.');
});

function Turning() {
  const [why, setWhy] = useState<string | null>(null);
  return (
    <Button disabledBecause={why} onClick={() => setWhy('Once is enough.')}>
      Do it
    </Button>
  );
}

test('a button that is refused after it was pressed is the same, with the focus', async () => {
  const { found } = await rendered(<Turning />);
  const before = found('button');
  await click(before);
  expect(found('button')).toBe(before);
  expect(document.activeElement).toBe(before);
  expect(before.getAttribute('aria-disabled')).toBe('true');
});

test('what is under way is not begun twice; what fails can be tried again', async () => {
  const works: PromiseWithResolvers<void>[] = [];
  const begin = () => {
    const work = Promise.withResolvers<void>();
    works.push(work);
    work.promise.catch(() => {});
    return work.promise;
  };
  const { found } = await rendered(<Button onClick={begin}>Go</Button>);
  await click(found('button'));
  await click(found('button'));
  expect([works.length, found('button').getAttribute('aria-busy')]).toEqual([1, 'true']);
  works[0]?.reject(new Error('no'));
  await once(() => expect(found('button').getAttribute('aria-busy')).toBe('false'));
  await click(found('button'));
  expect(works).toHaveLength(2);
});
