import {
  FAILPOINTS,
  type FailpointName,
  type Failpoints,
  NO_FAILPOINTS,
} from '../domain/failpoints.ts';

type Effect = 'kill' | 'throw' | 'hang';

const EFFECTS: readonly string[] = ['kill', 'throw', 'hang'] satisfies Effect[];

/**
 * Failpoints from a text such as `wake.started:kill,suspend.stopped:throw`; nothing set, nothing done.
 * `kill` ends this process as SIGKILL would, `throw` fails the step, `hang` never returns.
 * Throws on a name or effect that does not exist: a test that asks for nothing must not pass.
 */
export function parseFailpoints(text: string | undefined, kill: () => void): Failpoints {
  if (text === undefined || text === '') return NO_FAILPOINTS;
  const effects = new Map<string, Effect>();
  for (const item of text.split(',')) {
    const [name = '', effect = ''] = item.trim().split(':');
    if (!(FAILPOINTS as readonly string[]).includes(name))
      throw new Error(`no failpoint "${name}"`);
    if (!EFFECTS.includes(effect)) throw new Error(`no failpoint effect "${effect}"`);
    effects.set(name, effect as Effect);
  }
  return { reach: (point) => act(point, effects.get(point), kill) };
}

function act(point: FailpointName, effect: Effect | undefined, kill: () => void): Promise<void> {
  switch (effect) {
    case undefined:
      return Promise.resolve();
    case 'throw':
      return Promise.reject(new Error(`failpoint ${point}`));
    case 'kill':
      kill();
      return new Promise(() => {});
    case 'hang':
      return new Promise(() => {});
    default:
      return effect satisfies never;
  }
}
