import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { execPath } from 'node:process';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RealServer, realServer } from '../testing/real-server.ts';

const PROGRAM = resolve(import.meta.dirname, '../../bin/dynabase.js');

let server: RealServer;
const agents: Client[] = [];

beforeAll(async () => {
  server = await realServer();
  await server.client.tenants.create({ name: 'shop' });
  const sql = `
    create table customers (id int primary key, email text unique not null);
    comment on table customers is 'who buys';
    create table orders (id int primary key, customer int references customers, total numeric(10,2) default 0);
    insert into customers values (1, 'a@example.com'), (2, 'b@example.com')`;
  await server.client.inside.query('shop', { sql });
});

afterAll(async () => {
  for (const agent of agents) await agent.close();
  await server[Symbol.asyncDispose]();
});

/** A client that starts `dynabase mcp` as any agent does. */
async function agent(...flags: readonly string[]): Promise<Client> {
  const client = new Client({ name: 'a-test', version: '1' });
  const args = [PROGRAM, 'mcp', '--data-dir', server.dataDir, ...flags];
  // Whatever is no message of the protocol is an error of the transport.
  client.onerror = (error) => {
    throw error;
  };
  await client.connect(new StdioClientTransport({ command: execPath, args, stderr: 'inherit' }));
  agents.push(client);
  // The client checks what tools answer by their schemas once it has seen these.
  await client.listTools();
  return client;
}

type Told = { readonly isError: boolean; readonly text: string; readonly value: unknown };

async function call(client: Client, name: string, given: Record<string, unknown>): Promise<Told> {
  const { isError, content, structuredContent } = await client.callTool({ name, arguments: given });
  const [first] = content as readonly { readonly text: string }[];
  return { isError: isError === true, text: first?.text ?? '', value: structuredContent };
}

describe('without flags', () => {
  let reader: Client;

  beforeAll(async () => {
    reader = await agent();
  });

  test('says what it is, and has nothing that destroys', async () => {
    expect(reader.getServerVersion()).toMatchObject({ name: 'dynabase' });
    expect(reader.getInstructions()).toContain('awake only while it is used');
    const { tools } = await reader.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual([
      'connection_string',
      'consumption',
      'cost',
      'create_snapshot',
      'create_tenant',
      'describe_schema',
      'explain_awake',
      'fleet_cost',
      'fork_tenant',
      'list_snapshots',
      'list_tenants',
      'query',
      'suspend_tenant',
      'usage',
      'wake_tenant',
    ]);
    for (const tool of tools) {
      expect(tool.outputSchema, tool.name).toMatchObject({ type: 'object' });
      expect(tool.annotations?.destructiveHint, tool.name).toBe(false);
    }
    const query = tools.find(({ name }) => name === 'query');
    expect(query?.inputSchema.properties).not.toHaveProperty('allowWrites');
    expect(query?.annotations?.readOnlyHint).toBe(true);
  });

  test('a query reads, with parameters, and no more rows than asked for', async () => {
    const sql = 'select id, email from customers where id >= $1 order by id';
    expect(await call(reader, 'query', { tenant: 'shop', sql, params: [1], rowsMax: 1 })).toEqual({
      isError: false,
      text: expect.stringContaining('a@example.com'),
      value: expect.objectContaining({
        columns: [
          { name: 'id', type: 'int4' },
          { name: 'email', type: 'text' },
        ],
        rows: [[1, 'a@example.com']],
        truncated: true,
      }),
    });
  });

  test.each([
    ['insert into customers values (3, $1)', ['c@example.com']],
    ["select set_config('transaction_read_only', 'off', false)", []],
    ['commit', []],
    ['insert into customers values (4, $$x$$); commit', []],
  ])('nothing gets round read-only: %s', async (sql, params) => {
    // Asks for what it was not given, too.
    const asked = { tenant: 'shop', sql, params, allowWrites: true };
    await call(reader, 'query', asked).catch(() => undefined);
    const insert = 'insert into customers values (5, $1)';
    const after = await call(reader, 'query', { tenant: 'shop', sql: insert, params: ['d'] });
    expect(after.isError).toBe(true);
    expect(after.text).toContain('read-only');
    const count = { tenant: 'shop', sql: 'select count(*)::int from customers' };
    expect((await call(reader, 'query', count)).value).toMatchObject({ rows: [[2]] });
  });

  test('failures are answers with their code, and the name that was meant', async () => {
    expect(await call(reader, 'query', { tenant: 'shpo', sql: 'select 1' })).toEqual({
      isError: true,
      text: 'there is no tenant "shpo" [TENANT_UNKNOWN]\nhint: did you mean shop?',
      value: undefined,
    });
    const { isError, text } = await call(reader, 'query', {
      tenant: 'shop',
      sql: 'select emial from customers',
    });
    expect(isError).toBe(true);
    expect(text).toMatch(/emial.*\[QUERY_FAILED\]/);
    expect(text).toContain('customers.email');
    const bad = await call(reader, 'list_tenants', { limit: 0 });
    expect(bad.isError).toBe(true);
  });

  test('the schema is told by a tool and as a resource', async () => {
    const { value } = await call(reader, 'describe_schema', { tenant: 'shop' });
    expect(value).toMatchObject({
      truncated: false,
      relations: [
        {
          name: 'customers',
          kind: 'table',
          comment: 'who buys',
          columns: [
            { name: 'id', type: 'integer', nullable: false },
            { name: 'email', type: 'text' },
          ],
          constraints: expect.arrayContaining(['PRIMARY KEY (id)', 'UNIQUE (email)']),
          indexes: [expect.stringContaining('customers_email_key')],
        },
        {
          name: 'orders',
          columns: [
            { name: 'id' },
            { name: 'customer' },
            { name: 'total', type: 'numeric(10,2)', default: '0' },
          ],
          constraints: expect.arrayContaining(['FOREIGN KEY (customer) REFERENCES customers(id)']),
        },
      ],
    });
    const { resources } = await reader.listResources();
    const uri = 'dynabase://tenants/shop/schema';
    expect(resources.map((one) => one.uri)).toContain(uri);
    const { contents } = await reader.readResource({ uri });
    const [read] = contents as readonly { readonly text: string }[];
    expect(JSON.parse(read?.text ?? '')).toEqual(value);
  });

  test('why it is awake, that it sleeps, and that nobody was woken by the question', async () => {
    await call(reader, 'wake_tenant', { tenant: 'shop' });
    const awake = await call(reader, 'explain_awake', { tenant: 'shop' });
    expect(awake.value).toMatchObject({
      state: 'running',
      tierBecause: expect.stringMatching(/./),
      keptBecause: expect.stringMatching(/./),
      sessions: expect.any(Array),
    });
    const { says, times, week } = awake.value as {
      readonly says: string[];
      readonly times: { readonly because: string; readonly ended: string | null }[];
      readonly week: { readonly total: { readonly wakes: number } };
    };
    expect(says[0]).toMatch(/^Awake since .* because .*\.$/);
    expect(times[0]).toMatchObject({ because: expect.stringMatching(/./), ended: null });
    expect(week.total.wakes).toBeGreaterThanOrEqual(times.length);
    expect((await call(reader, 'suspend_tenant', { tenant: 'shop' })).value).toMatchObject({
      state: 'suspended',
    });
    for (const name of [
      'explain_awake',
      'usage',
      'consumption',
      'cost',
      'list_snapshots',
      'connection_string',
    ]) {
      const { isError, text } = await call(reader, name, { tenant: 'shop' });
      expect(isError, `${name}: ${text}`).toBe(false);
    }
    expect((await call(reader, 'list_tenants', {})).value).toMatchObject({
      tenants: [{ name: 'shop', state: 'suspended' }],
      next: null,
    });
  });

  test('a connection string of any kind, never with a password', async () => {
    const { value } = await call(reader, 'connection_string', { tenant: 'shop', kind: 'jdbc' });
    const { text, placeholder, kinds } = value as Record<string, string>;
    expect(text).toContain(placeholder);
    expect(kinds).toEqual(expect.arrayContaining(['uri', 'psql', 'jdbc', 'prisma-env']));
    const none = await call(reader, 'connection_string', { tenant: 'shop', kind: 'abacus' });
    expect(none.value).toMatchObject({ text: null });
  });

  test('a new tenant, a snapshot, a fork: each goes its own way', async () => {
    const made = await call(reader, 'create_tenant', { name: 'blog' });
    expect(made.value).toMatchObject({
      name: 'blog',
      connectionUri: expect.stringMatching(/^postgresql:\/\/blog:.+@/),
    });
    const taken = await call(reader, 'create_snapshot', { tenant: 'shop', name: 'before' });
    expect(taken.value).toMatchObject({ name: 'before', damage: null });
    await call(reader, 'fork_tenant', { tenant: 'shop', name: 'shop-try' });
    const sql = 'select count(*)::int from customers';
    expect((await call(reader, 'query', { tenant: 'shop-try', sql })).value).toMatchObject({
      rows: [[2]],
    });
  });
});

describe('with flags', () => {
  test('--allow-writes: what says that it writes does, and nothing else', async () => {
    const writer = await agent('--allow-writes');
    const sql = "insert into customers values (9, 'i@example.com')";
    const unsaid = await call(writer, 'query', { tenant: 'shop', sql });
    expect(unsaid).toMatchObject({ isError: true, text: expect.stringContaining('read-only') });
    const said = await call(writer, 'query', { tenant: 'shop', sql, allowWrites: true });
    expect(said.value).toMatchObject({ command: 'INSERT', rowCount: 1 });
    const { tools } = await writer.listTools();
    expect(tools.map(({ name }) => name)).not.toContain('delete_tenant');
  });

  test('--allow-destructive: goes back to a snapshot, and deletes by the whole name', async () => {
    const destroyer = await agent('--allow-destructive');
    await server.client.tenants.create({ name: 'gone' });
    await server.client.inside.query('gone', { sql: 'create table t as select 1 as n' });
    const { value } = await call(destroyer, 'create_snapshot', { tenant: 'gone', name: 'one' });
    const { id } = value as { readonly id: string };
    await server.client.inside.query('gone', { sql: 'drop table t' });
    await call(destroyer, 'restore_snapshot', { tenant: 'gone', snapshot: id });
    const sql = 'select n from t';
    expect((await call(destroyer, 'query', { tenant: 'gone', sql })).value).toMatchObject({
      rows: [[1]],
    });
    const slip = await call(destroyer, 'delete_tenant', { tenant: 'gone', confirm: 'shop' });
    expect(slip).toMatchObject({ isError: true, text: 'confirm must be "gone" [BAD_REQUEST]' });
    const done = await call(destroyer, 'delete_tenant', { tenant: 'gone', confirm: 'gone' });
    expect(done.value).toEqual({ deleted: 'gone' });
  });
});

test('a key for one tenant shows one, and what it may not do is refused', async () => {
  const { id } = await server.client.tenants.create({ name: 'alone' });
  const wish = { name: 'agent', scope: { kind: 'tenant', tenant: id }, role: 'viewer' } as const;
  const { secret } = await server.client.keys.create(wish);
  const client = new Client({ name: 'a-test', version: '1' });
  const env = { DYNABASE_API_URL: server.apiUrl, DYNABASE_API_KEY: secret };
  const args = [PROGRAM, 'mcp', '--allow-writes'];
  await client.connect(new StdioClientTransport({ command: execPath, args, env }));
  agents.push(client);
  expect((await call(client, 'list_tenants', {})).value).toMatchObject({
    tenants: [{ name: 'alone' }],
  });
  const { resources } = await client.listResources();
  expect(resources.map(({ uri }) => uri)).toEqual(['dynabase://tenants/alone/schema']);
  const sql = 'create table t (n int)';
  for (const [name, given] of [
    ['query', { tenant: 'alone', sql, allowWrites: true }],
    ['create_tenant', { name: 'more' }],
    ['fork_tenant', { tenant: 'alone', name: 'more' }],
  ] as const) {
    expect((await call(client, name, given)).text, name).toContain('[FORBIDDEN]');
  }
  const foreign = await call(client, 'query', { tenant: 'shop', sql: 'select 1' });
  expect(foreign.text).toContain('[TENANT_UNKNOWN]');
});

test('a server that is away is told in an answer', async () => {
  const client = new Client({ name: 'a-test', version: '1' });
  const args = [PROGRAM, 'mcp', '--data-dir', '/nowhere'];
  await client.connect(new StdioClientTransport({ command: execPath, args }));
  agents.push(client);
  expect(await call(client, 'list_tenants', {})).toMatchObject({
    isError: true,
    text: expect.stringContaining('[SERVER_UNREACHABLE]'),
  });
});

test('ends with its input, and has written nothing that was not asked for', async () => {
  const child = spawn(execPath, [PROGRAM, 'mcp', '--data-dir', server.dataDir], { stdio: 'pipe' });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  const code = await new Promise((done) => {
    child.once('close', done);
    child.stdin.end();
  });
  expect({ code, out }).toEqual({ code: 0, out: '' });
});
