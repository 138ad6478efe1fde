/** Filters that somebody uses again and again, kept in this browser. */
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { TenantFilter } from '../server/queries.ts';
import { Button } from '../ui/button.tsx';
import { FormDialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { Menu } from '../ui/menu.tsx';

const KEPT_AS = 'dynabase-tenant-filters';

const KEPT_MAX = 20;

type Saved = Readonly<Record<string, TenantFilter>>;

function read(): Saved {
  try {
    return JSON.parse(localStorage.getItem(KEPT_AS) ?? '{}') as Saved;
  } catch {
    return {};
  }
}

export function SavedFilters({ filter }: { readonly filter: TenantFilter }) {
  const navigate = useNavigate();
  const [saved, setSaved] = useState(read);
  const [isNaming, setNaming] = useState(false);
  const [name, setName] = useState('');
  const keep = (next: Saved): void => {
    setSaved(next);
    localStorage.setItem(KEPT_AS, JSON.stringify(next));
  };
  const isNone = Object.keys(filter).length === 0;
  const names = Object.keys(saved);
  return (
    <>
      <Menu
        trigger={<Button icon="down">Saved</Button>}
        items={[
          ...names.map((one) => ({
            text: one,
            onClick: () => void navigate({ to: '/tenants', search: saved[one] ?? {} }),
          })),
          {
            ...{ text: 'Save this filter', icon: 'plus' as const },
            disabledBecause: isNone
              ? 'Nothing is filtered.'
              : names.length >= KEPT_MAX
                ? 'That is as many as are kept.'
                : null,
            onClick: () => setNaming(true),
          },
          ...(names.length === 0
            ? []
            : [{ text: 'Forget all', icon: 'close' as const, onClick: () => keep({}) }]),
        ]}
      />
      <FormDialog
        title="Save this filter"
        action="Save"
        isOpen={isNaming}
        onClose={() => setNaming(false)}
        onSubmit={async () => keep({ ...saved, [name]: filter })}
        disabledBecause={name === '' ? 'Give it a name.' : null}
      >
        <TextField label="Name" value={name} onChange={setName} />
      </FormDialog>
    </>
  );
}
