import { expect, test } from 'vitest';
import type { Quota } from '../../sdk/index.ts';
import { click, rendered, type } from '../../testing/rendered.tsx';
import { QuotaEditor } from './quota-editor.tsx';

test('limits are shown and sent in what people count by; an empty one is none', async () => {
  const sent: Quota[] = [];
  const quota: Quota = {
    activeTimeSeconds: { soft: 1_800, hard: 7_200 },
    sessions: { soft: null, hard: 5 },
  };
  const { found } = await rendered(
    <QuotaEditor quota={quota} disabledBecause={null} onSave={async (one) => sent.push(one)} />,
  );
  expect(found('textbox', 'Awake, hours a month, told of at')).toMatchObject({ value: '0.5' });
  await type(found('textbox', 'Sessions at once, ends at'), '');
  await type(found('textbox', 'Size, GB, ends at'), '1.5');
  await click(found('button', 'Save limits'));
  expect(sent).toEqual([
    {
      activeTimeSeconds: { soft: 1_800, hard: 7_200 },
      logicalSizeBytes: { soft: null, hard: 1_500_000_000 },
    },
  ]);
});

test('what is no number is not sent, and it is said why', async () => {
  const sent: Quota[] = [];
  const { found } = await rendered(
    <QuotaEditor quota={{}} disabledBecause={null} onSave={async (one) => sent.push(one)} />,
  );
  for (const wrong of ['much', '-1']) {
    await type(found('textbox', 'Size, GB, ends at'), wrong);
    await click(found('button', 'Save limits'));
    const why = found('button', 'Save limits').getAttribute('aria-description');
    expect(why).toBe('Limits are numbers, or nothing.');
  }
  expect(sent).toEqual([]);
});
