/**
 * Components as a person meets them: found by role and name, pressed, typed into.
 *
 * There is a page (happy-dom) and no browser: nothing is laid out, so that sizes are given here, and no style sheet holds.
 * What only a browser can show is in the `e2e` tests. The page belongs to the project `drawn` of `vitest.config.ts`.
 */
import { Tooltip } from '@base-ui/react/tooltip';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from '@tanstack/react-router';
import { act, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { onTestFinished } from 'vitest';
import { Toasts } from '../dashboard/ui/toast.tsx';
import type { Caller } from '../sdk/index.ts';
import { all, found, textOf } from './found.ts';

/** Of everything on the page: the part of a list that is in sight is computed from it. */
const SIZE_PX = { clientWidth: 800, clientHeight: 400 } as const;

/** How long what must happen may take. */
const WITHIN_MS = 5_000;

const ADMIN: Caller = {
  ...{ kind: 'key', id: 'key_1', name: 'tester', role: 'admin', readOnly: false },
  scope: { kind: 'operator' },
} as unknown as Caller;

/** What was asked of the server. */
export type Asked = { readonly url: URL; readonly body: unknown };

type World = {
  readonly caller?: Partial<Caller>;
  /** What the server answers, by `GET /v1/tenants`; a `Response` is given as it is. */
  readonly answers?: Readonly<Record<string, (asked: Asked) => unknown>>;
  /** Where in the dashboard it stands, if it cares: as the router has it. */
  readonly path?: string;
  readonly at?: string;
  readonly validateSearch?: (search: Record<string, unknown>) => object;
};

/** What the API says of what it refuses. */
export const refused = (code: string, status: number, detail: string): Response =>
  Response.json(
    {
      type: `/errors#${code}`,
      title: code,
      status,
      detail,
      code,
      sqlstate: '08000',
      retry: 'never',
    },
    { status },
  );

/** Draws it, until the test is over. */
export async function rendered(node: ReactNode, world: World = {}) {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  const asked: string[] = [];
  serve(world.answers ?? {}, asked);
  const place = document.body.appendChild(document.createElement('div'));
  const root = createRoot(place);
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const router = routerOf(node, world);
  onTestFinished(async () => {
    await act(async () => root.unmount());
    client.clear();
    place.remove();
  });
  for (const [name, value] of Object.entries(SIZE_PX))
    Object.defineProperty(HTMLElement.prototype, name, { configurable: true, value });
  await act(async () => {
    await router.load();
    root.render(
      <QueryClientProvider client={client}>
        <Tooltip.Provider delay={0}>
          <Toasts>
            <RouterProvider router={router} />
          </Toasts>
        </Tooltip.Provider>
      </QueryClientProvider>,
    );
  });
  await settled();
  /** Where the page says that it is. */
  const where = (): string => router.state.location.href;
  return { asked, where, found, all, text: () => textOf(document.body) };
}

/** The smallest dashboard that a component may stand in: who looks, and one page. */
function routerOf(node: ReactNode, { caller, path = '/', at = path, validateSearch }: World) {
  const root = createRootRoute();
  const frame = createRoute({
    ...{ getParentRoute: () => root, id: 'frame' },
    beforeLoad: () => ({ caller: { ...ADMIN, ...caller } }),
  });
  const page = createRoute({
    ...{ getParentRoute: () => frame, path, component: () => node },
    ...(validateSearch && { validateSearch }),
  });
  const history = createMemoryHistory({ initialEntries: [at] });
  return createRouter({ routeTree: root.addChildren([frame.addChildren([page])]), history });
}

function serve(answers: NonNullable<World['answers']>, asked: string[]): void {
  const before = globalThis.fetch;
  onTestFinished(() => {
    globalThis.fetch = before;
  });
  globalThis.fetch = async (input, init) => {
    const url = new URL(String(input));
    const what = `${init?.method ?? 'GET'} ${url.pathname}`;
    asked.push(`${what}${url.search}`);
    const answer = answers[what];
    if (answer === undefined) return refused('NOT_FOUND', 404, `The test answers no ${what}.`);
    const given = await answer({ url, body: init?.body ? JSON.parse(String(init.body)) : null });
    return given instanceof Response ? given : Response.json(given);
  };
}

/** All that follows at once has come to pass, and is drawn. */
const settled = (): Promise<void> =>
  act(async () => {
    await new Promise((next) => setImmediate(next));
  });

/** What `look` gives once it throws no more. */
export async function once<T>(look: () => T): Promise<T> {
  const deadline = performance.now() + WITHIN_MS;
  for (;;) {
    try {
      return look();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await settled();
    }
  }
}

type Pointed = 'pointerdown' | 'mousedown' | 'pointerup' | 'mouseup';

export async function click(target: HTMLElement): Promise<void> {
  const on = (type: Pointed) => {
    const Kind = type.startsWith('pointer') ? PointerEvent : MouseEvent;
    const how = { bubbles: true, cancelable: true, button: 0, detail: 1 };
    target.dispatchEvent(new Kind(type, { ...how, ...{ pointerType: 'mouse' } }));
  };
  await act(async () => {
    on('pointerdown');
    on('mousedown');
    target.focus();
    on('pointerup');
    on('mouseup');
    target.click();
  });
  await settled();
}

/** As if all that stood there was typed over. */
export async function type(target: HTMLElement, text: string): Promise<void> {
  // React has put its own in the way, to know who has changed it.
  const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(target), 'value');
  await act(async () => {
    target.focus();
    own?.set?.call(target, text);
    target.dispatchEvent(
      new Event(target.tagName === 'SELECT' ? 'change' : 'input', { bubbles: true }),
    );
  });
  await settled();
}

export async function press(target: HTMLElement, key: string): Promise<void> {
  await act(async () => {
    target.focus();
    target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    target.dispatchEvent(new KeyboardEvent('keyup', { key, bubbles: true }));
  });
  await settled();
}
