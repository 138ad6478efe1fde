/** Applications whose signed tokens are taken in place of keys. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { PERSON_ROLES } from '../../contract/limits.ts';
import type { TokenIssuer } from '../../sdk/index.ts';
import { dynabase } from '../server/client.ts';
import { issuersQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmByName, FormDialog } from '../ui/dialog.tsx';
import { Select, TextField } from '../ui/field.tsx';
import { Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';

const ROLES = PERSON_ROLES.map((value) => ({ value, text: value }));

export function IssuerPanel() {
  const issuers = useQuery(issuersQuery);
  const client = useQueryClient();
  const refusal = useRefusal();
  const [isAdding, setAdding] = useState(false);
  const [doomed, setDoomed] = useState<TokenIssuer | null>(null);
  const again = () => client.invalidateQueries({ queryKey: issuersQuery.queryKey });
  return (
    <Panel
      title="Token issuers"
      aside={
        <Button
          icon="plus"
          disabledBecause={refusal('createTokenIssuer')}
          onClick={() => setAdding(true)}
        >
          Add
        </Button>
      }
      isBare
    >
      <Loaded query={issuers}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No token issuers">
              Your own application can sign tokens that say which customer calls: then nobody needs
              a key of ours.
            </Empty>
          ) : (
            <Issuers rows={rows} onRemove={setDoomed} />
          )
        }
      </Loaded>
      {isAdding && <AddIssuer onClose={() => setAdding(false)} onDone={again} />}
      {doomed !== null && (
        <ConfirmByName
          title={`Remove ${doomed.name}`}
          name={doomed.name}
          action="Remove"
          isOpen
          onClose={() => setDoomed(null)}
          onConfirm={async () => {
            await dynabase.tokenIssuers.delete(doomed.id);
            await again();
          }}
        >
          Tokens that it has signed are refused from then on.
        </ConfirmByName>
      )}
    </Panel>
  );
}

function Issuers({
  rows,
  onRemove,
}: {
  readonly rows: readonly TokenIssuer[];
  readonly onRemove: (issuer: TokenIssuer) => void;
}) {
  const refused = useRefusal()('deleteTokenIssuer');
  return (
    <Table
      label="Token issuers"
      rows={rows}
      idOf={({ id }) => id}
      height="18rem"
      columns={[
        { name: 'Name', cell: ({ name }) => <span className="font-medium">{name}</span> },
        { name: 'Issuer', isSpare: true, cell: ({ issuer }) => issuer },
        { name: 'Audience', isSpare: true, cell: ({ audience }) => audience },
        { name: 'Customer by', isSpare: true, cell: (one) => <code>{one.customerClaim}</code> },
        { name: 'Role', width: '7rem', cell: ({ role }) => <Badge>{role}</Badge> },
        {
          name: '',
          width: '6rem',
          align: 'right',
          cell: (one) => (
            <Button look="quiet" disabledBecause={refused} onClick={() => onRemove(one)}>
              Remove
            </Button>
          ),
        },
      ]}
    />
  );
}

function AddIssuer({
  onClose,
  onDone,
}: {
  readonly onClose: () => void;
  readonly onDone: () => Promise<unknown>;
}) {
  const [name, setName] = useState('');
  const [issuer, setIssuer] = useState('');
  const [audience, setAudience] = useState('dynabase');
  const [keysUrl, setKeysUrl] = useState('');
  const [customerClaim, setClaim] = useState('org_id');
  const [role, setRole] = useState<(typeof PERSON_ROLES)[number]>('viewer');
  const add = async (): Promise<void> => {
    await dynabase.tokenIssuers.create({ name, issuer, audience, keysUrl, customerClaim, role });
    await onDone();
  };
  return (
    <FormDialog
      title="Add a token issuer"
      action="Add"
      isOpen
      onClose={onClose}
      onSubmit={add}
      disabledBecause={
        [name, issuer, audience, keysUrl, customerClaim].includes('')
          ? 'All of it is needed.'
          : null
      }
    >
      <TextField label="Name" name="name" value={name} onChange={setName} placeholder="our app" />
      <TextField
        label="Issuer (iss)"
        name="issuer"
        value={issuer}
        onChange={setIssuer}
        placeholder="https://app.example"
        isCode
      />
      <TextField label="Audience (aud)" value={audience} onChange={setAudience} isCode />
      <TextField
        label="Its public keys"
        name="keysUrl"
        type="url"
        value={keysUrl}
        onChange={setKeysUrl}
        placeholder="https://app.example/.well-known/jwks.json"
        isCode
      />
      <TextField
        label="Claim that names the customer"
        value={customerClaim}
        onChange={setClaim}
        isCode
      />
      <Select label="Role" value={role} choices={ROLES} onChange={setRole} />
    </FormDialog>
  );
}
