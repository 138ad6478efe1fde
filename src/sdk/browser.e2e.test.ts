import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'vite';
import { expect, test } from 'vitest';
import { sampleServer } from '../testing/sample-server.ts';

/** What browsers have of what the SDK may use; nothing of Node. */
const {
  AbortController,
  AbortSignal,
  Blob,
  ReadableStream,
  Response,
  TextDecoder,
  URL,
  URLSearchParams,
  clearTimeout,
  crypto,
  setTimeout,
} = globalThis;

async function bundled(): Promise<string> {
  const entry = fileURLToPath(new URL('index.ts', import.meta.url));
  const built = await build({
    ...{ configFile: false, logLevel: 'silent' },
    build: { write: false, minify: false, lib: { entry, formats: ['iife'], name: 'sdk' } },
  });
  const [output] = [built].flat();
  if (output === undefined || !('output' in output)) throw new Error('nothing was built');
  return output.output.map((part) => ('code' in part ? part.code : '')).join('\n');
}

test('it runs where nothing is but what browsers have, and brings no package along', async () => {
  const code = await bundled();
  expect(code).not.toMatch(/typebox|node:|require\(|process\./i);
  const { fetch, asked } = sampleServer('full');
  const context = createContext({
    ...{ AbortController, AbortSignal, Blob, ReadableStream, Response, TextDecoder },
    ...{ URL, URLSearchParams, clearTimeout, crypto, setTimeout, fetch },
  });
  context.globalThis = context;
  await runInContext(
    `${code}
    (async () => {
      const dynabase = new sdk.DynaBase({ apiUrl: 'http://server' });
      await dynabase.tenants.create({ name: 'acme' });
      for await (const event of dynabase.events.listen()) break;
      for await (const part of await dynabase.tenants.export('acme')) break;
      await dynabase.tenants.import({ name: 'beta' }, new Blob(['file']));
    })()`,
    context,
  );
  expect(asked).toEqual(['createTenant', 'listenEvents', 'exportTenant', 'importTenant']);
});
