/** What may be used and spent at most, and from where one may come. */
import { type ReactNode, useState } from 'react';
import type { Budget, Quota, QuotaState } from '../../sdk/index.ts';
import { Button } from '../ui/button.tsx';
import { TextField } from '../ui/field.tsx';
import { FormFailure } from '../ui/refused-field.ts';
import { ErrorBox } from '../ui/states.tsx';
import { useSubmit } from '../ui/submit.ts';
import { say } from '../ui/toast.tsx';

/** Fields with one button below them, what went wrong told between. */
export function SaveForm({
  onSave,
  disabledBecause,
  children,
}: {
  readonly onSave: () => Promise<unknown>;
  readonly disabledBecause: string | null;
  readonly children: ReactNode;
}) {
  const { error, isBusy, onSubmit } = useSubmit(async () => {
    await onSave();
    say('Saved');
  }, disabledBecause);
  return (
    <form onSubmit={onSubmit} className="max-w-md space-y-4">
      <FormFailure value={error}>{children}</FormFailure>
      {error !== null && <ErrorBox error={error} />}
      <Button type="submit" look="strong" isBusy={isBusy} disabledBecause={disabledBecause}>
        Save
      </Button>
    </form>
  );
}

const UNCHANGED = 'Nothing was changed.';

export function AddressForm({
  now,
  refused,
  onSave,
}: {
  readonly now: readonly string[];
  readonly refused: string | null;
  readonly onSave: (addresses: readonly string[]) => Promise<unknown>;
}) {
  const [text, setText] = useState(now.join(' '));
  return (
    <SaveForm
      disabledBecause={refused ?? (text === now.join(' ') ? UNCHANGED : null)}
      onSave={() => onSave(text.split(/[\s,]+/).filter((one) => one !== ''))}
    >
      <TextField
        label="Clients may come from"
        value={text}
        onChange={setText}
        isCode
        placeholder="203.0.113.0/24 198.51.100.7"
        hint="Addresses and networks with spaces between; leave empty to allow all. It holds at once, and ends connections from elsewhere."
      />
    </SaveForm>
  );
}

const GB = 1_073_741_824;

type CapName = 'activeTimeSeconds' | 'dataTransferBytes' | 'logicalSizeBytes' | 'sessions';

/** What each is called, and how many of its units are one that people reckon with. */
const CAPS: readonly (readonly [CapName, string, number])[] = [
  ['activeTimeSeconds', 'Time in use a month (hours)', 3_600],
  ['dataTransferBytes', 'Sent to clients a month (GB)', GB],
  ['logicalSizeBytes', 'Size (GB)', GB],
  ['sessions', 'Connections at once', 1],
];

/** One's own caps: at each the database stops until the month is over, or the cap is raised. */
export function CapForm({
  state,
  refused,
  onSave,
}: {
  readonly state: QuotaState;
  readonly refused: string | null;
  readonly onSave: (quota: Quota) => Promise<unknown>;
}) {
  const now = Object.fromEntries(
    CAPS.map(([name, , unit]) => [name, inUnits(state.own[name]?.hard, unit)]),
  );
  const [texts, setTexts] = useState(now);
  const isSame = CAPS.every(([name]) => texts[name] === now[name]);
  const save = (): Promise<unknown> => {
    const own: Quota = { ...state.own };
    for (const [name, , unit] of CAPS) {
      const text = (texts[name] ?? '').trim();
      const hard = text === '' ? null : Math.round(Number(text) * unit);
      own[name] = { soft: state.own[name]?.soft ?? null, hard };
    }
    return onSave(own);
  };
  return (
    <SaveForm disabledBecause={refused ?? (isSame ? UNCHANGED : null)} onSave={save}>
      {CAPS.map(([name, title]) => (
        <TextField
          key={name}
          label={title}
          type="number"
          value={texts[name] ?? ''}
          onChange={(value) => setTexts({ ...texts, [name]: value })}
        />
      ))}
      <p className="text-xs text-ink-soft">
        At a cap the database stops until the month is over or the cap is raised. Leave empty for
        none of your own; what your plan allows holds anyway.
      </p>
    </SaveForm>
  );
}

const inUnits = (value: number | null | undefined, unit: number): string =>
  value == null ? '' : String(Math.round((value / unit) * 100) / 100);

export function BudgetForm({
  now,
  refused,
  onSave,
}: {
  readonly now: Budget | undefined;
  readonly refused: string | null;
  readonly onSave: (wish: {
    readonly amount: string | null;
    readonly hardCap: boolean;
    readonly emails: string[];
  }) => Promise<unknown>;
}) {
  const [amount, setAmount] = useState(now?.amount ?? '');
  const [isHard, setHard] = useState(now?.hardCap ?? false);
  const [emails, setEmails] = useState((now?.emails ?? []).join(' '));
  const isSame =
    amount.trim() === (now?.amount ?? '') &&
    isHard === (now?.hardCap ?? false) &&
    emails.trim() === (now?.emails ?? []).join(' ');
  return (
    <SaveForm
      disabledBecause={refused ?? (isSame ? UNCHANGED : null)}
      onSave={() =>
        onSave({
          amount: amount.trim() === '' ? null : amount.trim(),
          hardCap: isHard,
          emails: emails.split(/[\s,]+/).filter((one) => one !== ''),
        })
      }
    >
      <TextField
        label={`Monthly budget${now ? ` (${now.currency})` : ''}`}
        value={amount}
        onChange={setAmount}
        hint="Leave empty for none."
      />
      <TextField
        label="Tell by e-mail as it is used up"
        value={emails}
        onChange={setEmails}
        placeholder="ops@example.com"
      />
      <label className="flex items-center gap-2">
        <input
          type="checkbox"
          checked={isHard}
          onChange={(event) => setHard(event.target.checked)}
        />
        Stop at the budget until the month is over
      </label>
    </SaveForm>
  );
}
