import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Snapshot, Tenant } from '../../sdk/index.ts';
import { bytes, moment } from '../format/units.ts';
import { dynabase } from '../server/client.ts';
import { snapshotsQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { ConfirmByName, FormDialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { Menu } from '../ui/menu.tsx';
import { Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { type Column, Table } from '../ui/table.tsx';
import { TimeAgo } from '../ui/time.tsx';
import { attempt, say } from '../ui/toast.tsx';
import { hindrance } from './deeds.ts';

export function TenantSnapshots({ tenant }: { readonly tenant: Tenant }) {
  const snapshots = useQuery(snapshotsQuery(tenant.name));
  const refusal = useRefusal();
  const client = useQueryClient();
  const [isNaming, setNaming] = useState(false);
  const [name, setName] = useState('');
  const [restored, setRestored] = useState<Snapshot | null>(null);
  const again = () => client.invalidateQueries({ queryKey: ['tenant', tenant.name] });
  return (
    <Panel
      title="Snapshots"
      isBare
      aside={
        <Button
          icon="plus"
          disabledBecause={refusal('createSnapshot') ?? hindrance('snapshot', tenant)}
          onClick={() => setNaming(true)}
        >
          Take one
        </Button>
      }
    >
      <Loaded query={snapshots}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No snapshot yet">
              One is taken by itself of what has changed; those with a name are kept until somebody
              deletes them.
            </Empty>
          ) : (
            <List tenant={tenant} rows={rows} onRestore={setRestored} onChanged={again} />
          )
        }
      </Loaded>
      <FormDialog
        title="Take a snapshot"
        action="Take it"
        isOpen={isNaming}
        onClose={() => setNaming(false)}
        onSubmit={async () => {
          await dynabase.tenants.snapshot(tenant.name, name === '' ? {} : { name });
          setName('');
          await again();
        }}
      >
        <TextField
          label="Name (optional)"
          value={name}
          onChange={setName}
          hint="With a name it is kept until it is deleted; the others go by themselves."
        />
      </FormDialog>
      <ConfirmByName
        title={`Restore ${tenant.name}`}
        name={tenant.name}
        action="Restore"
        isOpen={restored !== null}
        onClose={() => setRestored(null)}
        onConfirm={async () => {
          if (restored !== null) await dynabase.tenants.restore(tenant.name, restored.id);
          say(`${tenant.name} is as it was`);
          await again();
        }}
      >
        Its data becomes that of {restored === null ? '' : moment(restored.takenAt)}. What there is
        now is kept as a snapshot first.
      </ConfirmByName>
    </Panel>
  );
}

const SIZES: readonly Column<Snapshot>[] = [
  {
    name: 'Holds',
    width: '6rem',
    align: 'right',
    isSpare: true,
    cell: (one) => bytes(one.logicalBytes),
  },
  {
    name: 'Added',
    width: '6rem',
    align: 'right',
    isSpare: true,
    cell: (one) => bytes(one.addedBytes),
  },
];

function List({
  tenant,
  rows,
  onRestore,
  onChanged,
}: {
  readonly tenant: Tenant;
  readonly rows: readonly Snapshot[];
  readonly onRestore: (snapshot: Snapshot) => void;
  readonly onChanged: () => Promise<void>;
}) {
  const remove = async ({ id }: Snapshot): Promise<void> => {
    await attempt(dynabase.tenants.deleteSnapshot(tenant.name, id), 'The snapshot is deleted');
    await onChanged();
  };
  return (
    <Table
      label="Snapshots"
      rows={rows}
      idOf={({ id }) => id}
      height="60dvh"
      columns={[
        { name: 'Taken', width: '7rem', cell: ({ takenAt }) => <TimeAgo at={takenAt} /> },
        {
          name: 'Name',
          cell: (one) => one.name ?? <span className="text-ink-soft">by itself</span>,
        },
        {
          name: 'Id',
          isSpare: true,
          cell: ({ id }) => <span className="font-mono text-xs">{id}</span>,
        },
        ...SIZES,
        {
          name: '',
          width: '3rem',
          align: 'right',
          cell: (one) => (
            <Deeds one={one} onRestore={() => onRestore(one)} onDelete={() => void remove(one)} />
          ),
        },
      ]}
    />
  );
}

function Deeds({
  one,
  onRestore,
  onDelete,
}: {
  readonly one: Snapshot;
  readonly onRestore: () => void;
  readonly onDelete: () => void;
}) {
  const refusal = useRefusal();
  const kept = one.name === null ? 'It has no name, and goes by itself.' : null;
  return (
    <Menu
      trigger={<Button look="quiet" icon="more" label={`Actions of ${one.id}`} />}
      items={[
        {
          text: 'Restore',
          disabledBecause: refusal('restoreSnapshot') ?? one.damage,
          onClick: onRestore,
        },
        {
          text: 'Delete',
          isDangerous: true,
          disabledBecause: refusal('deleteSnapshot') ?? kept,
          onClick: onDelete,
        },
      ]}
    />
  );
}
