/** The reference page: the OpenAPI document as plain HTML that needs no script and no other host. */

type Json = unknown;

/** One page for the whole document. Everything from it is escaped. */
export function referencePage(document: object): string {
  const info = at(document, 'info');
  const operations = operationsOf(document);
  const shapes = Object.entries(at(document, 'components', 'schemas') ?? {});
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(at(info, 'title'))} API</title>
<style>${STYLE}</style>
</head>
<body>
<nav>
<strong>${text(at(info, 'title'))} API</strong>
${operations.map((o) => `<a href="#${text(o.id)}">${text(o.id)}</a>`).join('\n')}
<strong>Shapes</strong>
${shapes.map(([name]) => `<a href="#${text(name)}">${text(name)}</a>`).join('\n')}
</nav>
<main>
<h1>${text(at(info, 'title'))} API ${text(at(info, 'version'))}</h1>
<p>${prose(at(info, 'description'))}</p>
<p>The same as a document for programs: <a href="/openapi.json">openapi.json</a></p>
${operations.map(operationHtml).join('\n')}
<h1>Shapes</h1>
${shapes.map(([name, shape]) => shapeHtml(name, shape)).join('\n')}
</main>
</body>
</html>
`;
}

type OperationEntry = {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly entry: Json;
};

function operationsOf(document: object): readonly OperationEntry[] {
  return Object.entries(at(document, 'paths') ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods ?? {}).map(([method, entry]) => ({
      id: String(at(entry, 'operationId') ?? `${method} ${path}`),
      method: method.toUpperCase(),
      path,
      entry,
    })),
  );
}

function operationHtml({ id, method, path, entry }: OperationEntry): string {
  const parameters = list(at(entry, 'parameters'));
  const body = contentOf(at(entry, 'requestBody'));
  const responses = Object.entries(at(entry, 'responses') ?? {});
  return `<section id="${text(id)}">
<h2><code class="method">${text(method)}</code> <code>${text(path)}</code></h2>
<p><b>${prose(at(entry, 'summary'))}.</b> ${prose(at(entry, 'description'))}</p>
${table(['Parameter', 'In', 'Type', ''], parameters.map(parameterRow))}
${body === undefined ? '' : `<p>Body: ${typeHtml(body)}</p>`}
${table(
  ['Answer', 'Shape', ''],
  responses.map(([status, response]) => [
    `<code>${text(status)}</code>`,
    typeHtml(contentOf(response)),
    prose(at(response, 'description')),
  ]),
)}
</section>`;
}

const parameterRow = (parameter: Json): readonly string[] => [
  `<code>${text(at(parameter, 'name'))}</code>${at(parameter, 'required') === true ? ' *' : ''}`,
  text(at(parameter, 'in')),
  typeHtml(at(parameter, 'schema')),
  prose(at(parameter, 'description')),
];

function shapeHtml(name: string, shape: Json): string {
  const required = list(at(shape, 'required'));
  const rows = Object.entries(at(shape, 'properties') ?? {}).map(([field, schema]) => [
    `<code>${text(field)}</code>${required.includes(field) ? '' : ' (optional)'}`,
    typeHtml(schema),
    prose(at(schema, 'description')),
  ]);
  return `<section id="${text(name)}"><h2>${text(name)}</h2>
${table(['Field', 'Type', ''], rows)}</section>`;
}

function typeHtml(schema: Json): string {
  if (schema === undefined) return '';
  const ref = at(schema, '$ref');
  if (typeof ref === 'string') {
    const name = ref.split('/').at(-1) ?? '';
    return `<a href="#${text(name)}">${text(name)}</a>`;
  }
  const choices = list(at(schema, 'anyOf'));
  if (choices.length > 0) return choices.map(typeHtml).join(' or ');
  const values = list(at(schema, 'enum'));
  if (values.length > 0) return values.map((v) => `<code>${text(v)}</code>`).join(' ');
  if (at(schema, 'type') === 'array') return `list of ${typeHtml(at(schema, 'items'))}`;
  const format = at(schema, 'format');
  return text(format ?? at(schema, 'type') ?? '');
}

/** The first shape of a body or answer, whatever its media type. */
const contentOf = (entry: Json): Json => at(Object.values(at(entry, 'content') ?? {})[0], 'schema');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const cells = (row: readonly string[]) => row.map((cell) => `<td>${cell}</td>`).join('');
  return `<table><tr>${head.map((h) => `<th>${text(h)}</th>`).join('')}</tr>
${rows.map((row) => `<tr>${cells(row)}</tr>`).join('\n')}</table>`;
}

function at(value: Json, ...path: readonly string[]): object | Json {
  let found: Json = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Object.entries(found).find(([name]) => name === key)?.[1];
  }
  return found;
}

const list = (value: Json): readonly Json[] => (Array.isArray(value) ? value : []);

function text(value: Json): string {
  return String(value ?? '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Escaped text in which `this` is code. */
const prose = (value: Json): string => text(value).replaceAll(/`([^`]*)`/g, '<code>$1</code>');

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0; display: grid; grid-template-columns: 14rem 1fr; }
nav { padding: 1.5rem; display: flex; flex-direction: column; gap: .2rem; position: sticky; top: 0;
  height: 100vh; overflow: auto; box-sizing: border-box; }
nav strong { margin-top: .8rem; }
nav a { color: inherit; text-decoration: none; opacity: .8; }
main { padding: 1.5rem 2rem; max-width: 60rem; min-width: 0; }
section { border-top: 1px solid #8884; padding-bottom: 1rem; }
h2 { font-size: 1.05rem; }
.method { background: #3b82f633; padding: .1rem .4rem; border-radius: .3rem; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .8rem .25rem 0;
  border-bottom: 1px solid #8882; }
@media (max-width: 50rem) { body { grid-template-columns: 1fr; } nav { position: static; height: auto; } }
`;
