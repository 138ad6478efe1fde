import { expect, test } from 'vitest';
import { noticeText } from './notice-text.ts';

test('a notice stands as psql has it, and nothing in it moves the cursor', () => {
  const message = 'two\nlines \u001b[2J';
  expect(noticeText({ severity: 'WARNING', message, detail: 'd', hint: 'h' })).toBe(
    'warning: two\nlines \\x1B[2J\ndetail: d\nhint: h\n',
  );
});
