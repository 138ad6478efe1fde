import { useState } from 'react';
import type { Key } from '../../sdk/index.ts';
import { dynabase } from '../server/client.ts';
import { useRefusal } from '../shell/who.ts';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Snippet } from '../ui/copy.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Menu } from '../ui/menu.tsx';
import { Empty } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { TimeAgo } from '../ui/time.tsx';
import { attempt, complain } from '../ui/toast.tsx';

const HOUR_MS = 3_600_000;

export function KeyTable({ rows }: { readonly rows: readonly Key[] }) {
  const [secret, setSecret] = useState<string | null>(null);
  const rotate = async ({ id }: Key): Promise<void> => {
    try {
      setSecret((await dynabase.keys.rotate(id, { graceMs: HOUR_MS })).secret);
    } catch (error) {
      complain(error);
    }
  };
  if (rows.length === 0) {
    return <Empty title="No keys">A key lets a program or a person call the API.</Empty>;
  }
  return (
    <>
      <Table
        label="Keys"
        rows={rows}
        idOf={({ id }) => id}
        height="60dvh"
        columns={[
          {
            name: 'Name',
            width: 'minmax(6rem, 1fr)',
            cell: ({ name }) => <span className="font-medium">{name}</span>,
          },
          {
            name: 'Kind',
            width: '5.5rem',
            isSpare: true,
            cell: ({ kind }) => <Badge>{kind}</Badge>,
          },
          { name: 'May', width: '8rem', cell: (one) => rightsOf(one) },
          {
            name: 'Used',
            width: '6rem',
            isSpare: true,
            cell: (one) => <TimeAgo at={one.lastUsedAt} />,
          },
          {
            name: 'Ends',
            width: '6rem',
            isSpare: true,
            cell: (one) => <TimeAgo at={one.expiresAt} />,
          },
          {
            name: '',
            width: '3rem',
            align: 'right',
            cell: (one) => <KeyMenu shown={one} onRotate={() => void rotate(one)} />,
          },
        ]}
      />
      <KeyShown secret={secret} onClose={() => setSecret(null)} />
    </>
  );
}

function KeyMenu({ shown, onRotate }: { readonly shown: Key; readonly onRotate: () => void }) {
  const refusal = useRefusal();
  const { id, kind, name } = shown;
  return (
    <Menu
      trigger={<Button look="quiet" icon="more" label={`Actions of ${name}`} />}
      items={[
        {
          text: 'Rotate: the old secret is taken for an hour more',
          disabledBecause:
            refusal('rotateKey') ??
            (kind === 'key' ? null : 'Whoever has logged in logs in again instead.'),
          onClick: onRotate,
        },
        {
          text: kind === 'session' ? 'End the session' : 'Revoke',
          isDangerous: true,
          disabledBecause: refusal('revokeKey'),
          onClick: () => void attempt(dynabase.keys.revoke(id), `${name} is revoked`),
        },
      ]}
    />
  );
}

const rightsOf = ({ role, readOnly, scope }: Key): string =>
  `${readOnly ? 'read' : role}${scope.kind === 'operator' ? '' : `, ${scope.kind}`}`;

export function KeyShown({
  secret,
  onClose,
}: {
  readonly secret: string | null;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title="The new secret" isOpen={secret !== null} onClose={onClose}>
      <p className="mb-3">It is shown here once and kept nowhere.</p>
      {secret !== null && <Snippet text={secret} label="Copy the secret" />}
    </Dialog>
  );
}
