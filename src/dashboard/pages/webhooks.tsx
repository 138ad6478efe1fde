/** Events, sent to servers of yours; and what became of each. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Delivery, Webhook } from '../../sdk/index.ts';
import { count } from '../format/units.ts';
import { dynabase } from '../server/client.ts';
import { deliveriesQuery, webhooksQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog, FormDialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { Menu } from '../ui/menu.tsx';
import { PageHead, Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { TimeAgo } from '../ui/time.tsx';
import { attempt, say } from '../ui/toast.tsx';
import { KeyShown } from './key-table.tsx';

export function WebhooksPage() {
  const refusal = useRefusal();
  const webhooks = useQuery(webhooksQuery);
  const [isCreating, setCreating] = useState(false);
  const [watched, setWatched] = useState<Webhook | null>(null);
  return (
    <>
      <PageHead
        title="Webhooks"
        lead="Events, signed and sent to servers of yours, until they arrive."
        actions={
          <Button
            look="strong"
            icon="plus"
            disabledBecause={refusal('createWebhook')}
            onClick={() => setCreating(true)}
          >
            Add a webhook
          </Button>
        }
      />
      <Panel title="Webhooks" isBare>
        <Loaded query={webhooks}>
          {({ rows }) =>
            rows.length === 0 ? (
              <Empty title="Nothing is sent anywhere">
                A webhook tells your server what happens here, so that it need not ask.
              </Empty>
            ) : (
              <List rows={rows} onWatch={setWatched} />
            )
          }
        </Loaded>
      </Panel>
      <CreateWebhook isOpen={isCreating} onClose={() => setCreating(false)} />
      <Dialog title="Deliveries" isOpen={watched !== null} onClose={() => setWatched(null)}>
        {watched && <Deliveries webhook={watched} />}
      </Dialog>
    </>
  );
}

function List({
  rows,
  onWatch,
}: {
  readonly rows: readonly Webhook[];
  readonly onWatch: (webhook: Webhook) => void;
}) {
  return (
    <Table
      label="Webhooks"
      rows={rows}
      idOf={({ id }) => id}
      height="60dvh"
      columns={[
        { name: 'Sent to', cell: ({ url }) => <span className="font-mono text-xs">{url}</span> },
        { name: 'Events', isSpare: true, cell: ({ events }) => events.join(', ') },
        { name: 'State', width: '7rem', cell: (one) => <HookState webhook={one} /> },
        {
          name: '',
          width: '3rem',
          align: 'right',
          cell: (one) => <Deeds webhook={one} onWatch={onWatch} />,
        },
      ]}
    />
  );
}

function HookState({ webhook: { isActive, failingSince } }: { readonly webhook: Webhook }) {
  if (!isActive) return <Badge>off</Badge>;
  return failingSince === null ? (
    <Badge tone="good">arrives</Badge>
  ) : (
    <Badge tone="bad">failing</Badge>
  );
}

function Deeds({
  webhook,
  onWatch,
}: {
  readonly webhook: Webhook;
  readonly onWatch: (webhook: Webhook) => void;
}) {
  const refusal = useRefusal();
  const client = useQueryClient();
  const { id, isActive } = webhook;
  const act = async (work: Promise<unknown>, done: string): Promise<void> => {
    await attempt(work, done);
    await client.invalidateQueries({ queryKey: ['webhooks'] });
  };
  return (
    <Menu
      trigger={<Button look="quiet" icon="more" label={`Actions of ${webhook.url}`} />}
      items={[
        { text: 'Deliveries', onClick: () => onWatch(webhook) },
        {
          text: 'Send a test',
          disabledBecause: refusal('testWebhook'),
          onClick: () => void act(dynabase.webhooks.test(id), 'A test is on its way'),
        },
        {
          text: isActive ? 'Turn off' : 'Turn on',
          disabledBecause: refusal('changeWebhook'),
          onClick: () => void act(dynabase.webhooks.change(id, { isActive: !isActive }), 'Done'),
        },
        {
          text: 'Delete',
          isDangerous: true,
          disabledBecause: refusal('deleteWebhook'),
          onClick: () => void act(dynabase.webhooks.delete(id), 'The webhook is deleted'),
        },
      ]}
    />
  );
}

function CreateWebhook({
  isOpen,
  onClose,
}: {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}) {
  const client = useQueryClient();
  const [url, setUrl] = useState('');
  const [events, setEvents] = useState('*');
  const [secret, setSecret] = useState<string | null>(null);
  const create = async (): Promise<void> => {
    const types = events.split(/[\s,]+/).filter((one) => one !== '');
    setSecret((await dynabase.webhooks.create({ url, events: types })).secret);
    await client.invalidateQueries({ queryKey: ['webhooks'] });
    say('The webhook is there');
  };
  return (
    <>
      <FormDialog
        title="Add a webhook"
        action="Add"
        isOpen={isOpen}
        onClose={onClose}
        onSubmit={create}
        disabledBecause={url === '' ? 'Say where to send them.' : null}
      >
        <TextField
          label="Send to"
          name="url"
          type="url"
          value={url}
          onChange={setUrl}
          isCode
          isRequired
          placeholder="https://"
        />
        <TextField
          label="Events"
          name="events"
          value={events}
          onChange={setEvents}
          isCode
          hint="Types, tenant.* for all of a kind, * for all."
        />
      </FormDialog>
      <KeyShown secret={secret} onClose={() => setSecret(null)} />
    </>
  );
}

function Deliveries({ webhook }: { readonly webhook: Webhook }) {
  const deliveries = useQuery(deliveriesQuery(webhook.id));
  const refused = useRefusal()('testWebhook');
  const again = (delivery: Delivery): Promise<void> =>
    attempt(dynabase.webhooks.redeliver(webhook.id, delivery.id), 'It is sent again');
  return (
    <Loaded query={deliveries}>
      {({ rows }) =>
        rows.length === 0 ? (
          <Empty title="Nothing was sent yet" />
        ) : (
          <Table
            label="Deliveries"
            rows={rows}
            idOf={({ id }) => id}
            columns={[
              {
                name: 'When',
                width: '5.5rem',
                cell: ({ createdAt }) => <TimeAgo at={createdAt} />,
              },
              { name: 'Event', cell: ({ event }) => event },
              {
                name: 'Arrived',
                width: '7rem',
                cell: (one) =>
                  one.deliveredAt === null ? (
                    <span title={one.lastError ?? ''} className="text-bad">
                      no, {count(one.attempts)} tries
                    </span>
                  ) : (
                    <TimeAgo at={one.deliveredAt} />
                  ),
              },
              {
                name: '',
                width: '5rem',
                align: 'right',
                cell: (one) => (
                  <Button look="quiet" disabledBecause={refused} onClick={() => again(one)}>
                    Resend
                  </Button>
                ),
              },
            ]}
          />
        )
      }
    </Loaded>
  );
}
