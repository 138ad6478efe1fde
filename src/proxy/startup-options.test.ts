import { expect, test } from 'vitest';
import { poolModeOf, readStartupOptions } from './startup-options.ts';

test.each([
  ['', [], ''],
  ['endpoint=acme', ['acme'], ''],
  ['  endpoint=acme  ', ['acme'], ''],
  ['-c endpoint=acme', ['acme'], ''],
  ['-cendpoint=acme', ['acme'], ''],
  ['--endpoint=acme', ['acme'], ''],
  ['-c dynabase.tenant=acme', ['acme'], ''],
  ['--dynabase.tenant=acme', ['acme'], ''],
  ['endpoint=', [''], ''],
  ['endpoint=acme endpoint=acme', ['acme'], ''],
  ['endpoint=acme -c endpoint=other', ['acme', 'other'], ''],
  ['-c geqo=off endpoint=acme --work_mem=8MB', ['acme'], '-c geqo=off --work_mem=8MB'],
  ['-c geqo=off\t\n-e', [], '-c geqo=off -e'],
  ['-c search_path=a\\ b,c endpoint=acme', ['acme'], '-c search_path=a\\ b,c'],
  ['-c application_name=a\\\\ endpoint=acme', ['acme'], '-c application_name=a\\\\'],
  ['endp\\oint=acme', ['acme'], ''],
  ['-c', [], '-c'],
  ['-c -c endpoint=acme', ['acme'], '-c -c'],
  ['-c my.endpoint=acme', [], '-c my.endpoint=acme'],
  ['tenant=acme', [], 'tenant=acme'],
  ['x\\', [], 'x\\'],
  ['\u00a0endpoint=acme', [], '\u00a0endpoint=acme'],
])('"%s" names %j and leaves "%s"', (text, tenants, rest) => {
  expect(readStartupOptions(text)).toEqual({ tenants, pool: null, rest });
});

test.each([
  ['dynabase.pool=transaction', 'transaction', ''],
  ['-c dynabase.pool=transaction', 'transaction', ''],
  ['-cdynabase.pool=transaction', 'transaction', ''],
  ['--dynabase.pool=transaction -e', 'transaction', '-e'],
  ['-c dynabase.pool=session endpoint=acme', 'session', ''],
  ['dynabase.pool=transaction dynabase.pool=session', 'session', ''],
  ['-c geqo=off', 'session', '-c geqo=off'],
])('"%s" asks for the pool mode %s and leaves "%s"', (text, mode, rest) => {
  const options = readStartupOptions(text);
  expect([poolModeOf(options), options.rest]).toEqual([mode, rest]);
});

test('a pool mode that is none is refused', () => {
  const options = readStartupOptions('-c dynabase.pool=statement');
  expect(() => poolModeOf(options)).toThrow('"statement" is none of session, transaction');
});
