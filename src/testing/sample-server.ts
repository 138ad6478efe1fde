/** A server that answers every request with what the contract says, made of its schemas. */
import { OPERATIONS, type Operation, type OperationName } from '../contract/operations.ts';
import type { Route } from '../contract/route.ts';
import { ROUTES } from '../contract/routes.ts';
import { WorkOperation } from '../contract/work/work.ts';
import { type AnswerSchema, answerOf, type Filling } from './sample-answer.ts';

export type SampleServer = {
  readonly fetch: typeof fetch;
  /** What was asked for, in order. */
  readonly asked: OperationName[];
};

const EVENT = {
  ...{ id: 'ev_1', at: '2030-01-01T00:00:00.000Z', type: 'tenant.state', customer: null },
  ...{ tenant: { id: 'tn_1', name: 'acme' }, data: { from: 'suspended', to: 'waking' } },
};

export function sampleServer(filling: Filling): SampleServer {
  const asked: OperationName[] = [];
  const answer: typeof fetch = async (input, init) => {
    const { pathname, searchParams } = new URL(String(input));
    const name = operationAt(init?.method ?? 'GET', pathname);
    asked.push(name);
    const route: Route = ROUTES[name];
    if (route.file?.in === 'answer') {
      const text = `id: ${EVENT.id}\ndata: ${JSON.stringify(EVENT)}\n\n`;
      return new Response(route.file.type === undefined ? 'bytes' : text);
    }
    if (searchParams.get('wait') === '0s') {
      return Response.json(answerOf(WorkOperation as AnswerSchema, filling), { status: 202 });
    }
    const { status, shape } = route.success;
    if (shape === null) return new Response(null, { status });
    return Response.json(answerOf(shape as AnswerSchema, filling), { status });
  };
  return { fetch: answer, asked };
}

/** Throws for a request that no operation is for. A path without parameters goes before one with. */
function operationAt(method: string, pathname: string): OperationName {
  const fits = (Object.entries(OPERATIONS) as [OperationName, Operation][])
    .filter(([, operation]) => operation.method === method)
    .filter(([, { path }]) => new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`).test(pathname))
    .sort(([, a], [, b]) => a.path.split(':').length - b.path.split(':').length);
  const [found] = fits;
  if (found === undefined) throw new Error(`nothing is at ${method} ${pathname}`);
  return found[0];
}
