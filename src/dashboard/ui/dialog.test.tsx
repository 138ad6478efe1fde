import { useState } from 'react';
import { expect, test } from 'vitest';
import { DynaBaseError } from '../../sdk/index.ts';
import { click, once, rendered, type } from '../../testing/rendered.tsx';
import { ConfirmByName, FormDialog } from './dialog.tsx';
import { TextField } from './field.tsx';

test('what cannot be taken back is done once the very name is typed, and not before', async () => {
  const done: string[] = [];
  const remove = async () => done.push('gone');
  const close = () => done.push('closed');
  const { found } = await rendered(
    <ConfirmByName
      {...{ title: 'Delete acme', name: 'acme', action: 'Delete for ever' }}
      {...{ isOpen: true, onClose: close, onConfirm: remove }}
    >
      All of it goes.
    </ConfirmByName>,
  );
  const button = await once(() => found('button', 'Delete for ever'));
  const field = found('textbox', 'Type acme to confirm');
  for (const typed of ['', 'Acme', 'acme ', 'acm']) {
    await type(field, typed);
    await click(button);
    expect(done).toEqual([]);
    expect(button.getAttribute('aria-description')).toBe('Type acme first.');
  }
  await type(field, 'acme');
  await click(button);
  await once(() => expect(done).toEqual(['gone', 'closed']));
});

const refusal = new DynaBaseError({
  ...{ code: 'BAD_REQUEST', message: '"url" in the body must match format "uri"' },
  ...{ sqlstate: '22023', http: 400, retry: 'never' as const },
});

function Sample() {
  const [url, setUrl] = useState('');
  const [name, setName] = useState('');
  return (
    <FormDialog
      {...{ title: 'Sample', action: 'Save', isOpen: true, onClose: () => {} }}
      onSubmit={() => Promise.reject(refusal)}
    >
      <TextField label="Name" name="name" value={name} onChange={setName} />
      <TextField label="Address" name="url" value={url} onChange={setUrl} />
    </FormDialog>
  );
}

test('a form that is refused says why, leads to the field that it is about, and keeps what is typed', async () => {
  const { found } = await rendered(<Sample />);
  const field = await once(() => found('textbox', 'Address'));
  await type(found('textbox', 'Name'), 'kept');
  await type(field, 'nowhere');
  await click(found('button', 'Save'));
  expect((await once(() => found('alert'))).textContent).toContain(refusal.message);
  expect(document.activeElement).toBe(field);
  expect(field).toMatchObject({ value: 'nowhere' });
  expect(field.getAttribute('aria-invalid')).toBe('true');
  expect(found('textbox', 'Name')).toMatchObject({ value: 'kept' });
  expect(found('textbox', 'Name').getAttribute('aria-invalid')).toBeNull();
});
