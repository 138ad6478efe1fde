import { isCancel, text } from '@clack/prompts';
import { badRequest } from './failure.ts';
import type { World } from './world.ts';

/** Asks a person to type `name`. Throws `BAD_REQUEST` if there is none to ask, or he declines. */
export async function confirmByName(world: World, name: string, question: string): Promise<void> {
  const { stdin, stderr } = world;
  if (stdin.isTTY !== true || stderr.isTTY !== true) {
    throw badRequest(`deleting "${name}" must be confirmed; say --yes`);
  }
  const typed = await text({
    message: question,
    placeholder: name,
    input: stdin,
    output: stderr,
    validate: (given) => (given === name ? undefined : `type "${name}", or press Ctrl-C`),
  });
  if (isCancel(typed)) throw badRequest('nothing was deleted');
}
