/** The text of `docs/sdk.md`, made from the classes of the SDK and what stands above their methods. */
import { readFile } from 'node:fs/promises';
import { nodeIn, nodesIn, parsed, type Source, type SyntaxNode, textOf } from './syntax.ts';

const INTRODUCTION = `# The SDK

\`dynabase/sdk\` is a typed client of the [API](api.md): on \`fetch\` alone, without dependencies, for Node
and browsers. It has a method for every operation.

<!-- before
export DYNABASE_API_KEY=$(cat ~/.dynabase/api-key)
-->

\`\`\`ts
import { DynaBase, DynaBaseError } from 'dynabase/sdk';

const apiKey = process.env.DYNABASE_API_KEY ?? '';
const dynabase = new DynaBase({ apiUrl: 'http://localhost:6480', apiKey });

const { connectionUri } = await dynabase.tenants.create({ name: 'acme' });
console.log(connectionUri); // the password in it is shown only here

for await (const tenant of dynabase.tenants.list({ state: 'running' })) console.log(tenant.name);

try {
  await dynabase.tenants.wake('nobody');
} catch (error) {
  if (!(error instanceof DynaBaseError) || error.code !== 'TENANT_UNKNOWN') throw error;
}

const fork = await dynabase.operations.run(
  'forkTenant',
  { params: { ref: 'acme' }, body: { name: 'acme-test' } },
  { onProgress: ({ progress }) => console.log(progress?.step) },
);
\`\`\`

- A call is repeated, with growing waits, where the server says that it may succeed soon, and where
  it cannot be reached and the call may be made twice. What must happen once carries an
  \`Idempotency-Key\`, so that it too may be repeated.
- A failure is a \`DynaBaseError\`. Its \`code\` is one of the \`FaultCode\`s, which [errors.md](errors.md) tells of;
  \`retry\` says whether the same may succeed later.
- Lists are asynchronous: a page is fetched when the loop comes to it.
- Every method takes \`options\` last: \`signal\` to give up, \`timeoutMs\`, \`idempotencyKey\`, and \`ifMatch\` with what was got before: the change
  is refused with \`CHANGED_SINCE\` if there has been another since. \`etagOf(answer)\` is its tag.
- Work that takes long can be begun, watched and stopped: see \`dynabase.operations\`.

This page is made from the source by \`UPDATE=1 npx vitest run src/sdk/sdk-page.test.ts\`.
`;

/** Files whose classes hang on a client. */
const FILES = [
  ...[
    'client',
    'tenants',
    'inside',
    'work',
    'events',
    'webhooks',
    'access',
    'limits',
    'economics',
    'billing',
  ],
] as const;

export async function sdkPage(): Promise<string> {
  const sources = await Promise.all(
    FILES.map(async (name) => {
      const path = `src/sdk/${name}.ts`;
      const text = await readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
      return parsed({ path, text });
    }),
  );
  const classes = new Map(
    sources.flatMap((source) => classesOf(source).map((one) => [one.name, one] as const)),
  );
  const client = classes.get('DynaBase');
  const hung = (client?.fields ?? []).flatMap(({ name, type }) => {
    const found = classes.get(type);
    return found === undefined ? [] : [sectionOf(`dynabase.${name}`, found)];
  });
  return [INTRODUCTION, ...(client ? [sectionOf('dynabase', client)] : []), ...hung].join('\n');
}

type Member = { readonly text: string; readonly doc: string };

type Shown = {
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly { readonly name: string; readonly type: string }[];
  readonly methods: readonly Member[];
};

function classesOf(source: Source): readonly Shown[] {
  return source.body.flatMap((node) => {
    const one = nodeIn(node, 'declaration');
    const body = one && nodeIn(one, 'body');
    if (one?.type !== 'ClassDeclaration' || body === undefined) return [];
    const members = nodesIn(body, 'body').filter(isPublic);
    return [
      {
        name: textOf(nodeIn(one, 'id')) ?? '',
        doc: docAbove(source, node),
        fields: members
          .filter(({ type }) => type === 'PropertyDefinition')
          .map((member) => fieldOf(source, member)),
        methods: members
          .filter(({ type, kind }) => type === 'MethodDefinition' && kind === 'method')
          .map((member) => ({ text: signatureOf(source, member), doc: docAbove(source, member) })),
      },
    ];
  });
}

const isPublic = (member: SyntaxNode): boolean => nodeIn(member, 'key')?.type === 'Identifier';

function fieldOf({ text }: Source, member: SyntaxNode) {
  const [, name = '', type = ''] =
    /(\w+):\s*(\w+)/.exec(text.slice(member.start, member.end)) ?? [];
  return { name, type };
}

/** A parameter with a default. */
const OPTIONAL = /(\w+): ((?:[^,<>()]|<(?:[^<>]|<[^<>]*>)*>)+) = (?:\{\}|null)/g;

/** What stands before the body, on one line, without what is the same everywhere. */
function signatureOf({ text }: Source, member: SyntaxNode): string {
  const value = nodeIn(member, 'value');
  const body = value && nodeIn(value, 'body');
  return text
    .slice(member.start, body?.start ?? member.end)
    .replaceAll(/\s+/g, ' ')
    .replace(/^(?:async )?\*?\s*/, '')
    .replaceAll(/,? ?options\??: \w+( = \{\})?/g, '')
    .replaceAll(OPTIONAL, '$1?: $2')
    .replaceAll('( ', '(')
    .replaceAll(/,? \)/g, ')')
    .replaceAll(', void, void>', '>')
    .replaceAll(', void>', '>')
    .trim();
}

/** The comment that ends right above. */
function docAbove({ text, comments }: Source, node: SyntaxNode): string {
  const near = comments.findLast(({ start }) => start < node.start);
  if (near === undefined) return '';
  const end = text.indexOf('*/', near.start) + '*/'.length;
  if (text.slice(end, node.start).trim() !== '') return '';
  return near.value
    .replace(/^\*/, '')
    .replaceAll(/\n\s*\*/g, '\n')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function sectionOf(place: string, { doc, methods }: Shown): string {
  const lines = methods.map(({ text, doc: says }) =>
    says === '' ? `- \`${text}\`` : `- \`${text}\`\n  ${says}`,
  );
  return [`## \`${place}\`\n`, `${doc}\n`, ...lines, ''].join('\n');
}
