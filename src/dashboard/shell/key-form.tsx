/** Logging in by a key. */
import { type ReactNode, useState } from 'react';
import { DynaBaseError } from '../../sdk/index.ts';
import { loginWith } from '../server/client.ts';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { ErrorBox } from '../ui/states.tsx';
import { useSubmit } from '../ui/submit.ts';

export function KeyForm({
  hint,
  onDone,
}: {
  readonly hint: ReactNode;
  readonly onDone: () => Promise<unknown>;
}) {
  const [key, setKey] = useState('');
  const { error, isBusy, onSubmit } = useSubmit(async () => {
    await loginWith(key.trim()).catch(refuse);
    await onDone();
  });
  return (
    <form onSubmit={onSubmit} className="mt-4 space-y-4">
      <TextField
        label="API key"
        type="password"
        value={key}
        onChange={setKey}
        isCode
        isRequired
        hint={hint}
      />
      {error !== null && <ErrorBox error={error} />}
      <Button type="submit" look="strong" isBusy={isBusy}>
        Log in
      </Button>
    </form>
  );
}

/** Who has just tried to log in is not to be told to log in. */
function refuse(error: unknown): never {
  if (!(error instanceof DynaBaseError) || error.http !== 401) throw error;
  throw new Error('That key is not valid: it may be mistyped, revoked or past its end.');
}
