import { isCancel, text } from '@clack/prompts';
import { badRequest } from './failure.ts';
import type { World } from './world.ts';

export type Confirmation = {
  /** What must be typed. */
  readonly name: string;
  /** Begins the sentence that says that it must be: `deleting "acme"`. */
  readonly doing: string;
  /** Said to who declines: `nothing was deleted`. */
  readonly undone: string;
  readonly question: string;
};

/** Asks a person to type a name. Throws `BAD_REQUEST` if there is none to ask, or he declines. */
export async function confirmByName(world: World, asked: Confirmation): Promise<void> {
  const { stdin, stderr } = world;
  const { name, doing, undone, question } = asked;
  if (stdin.isTTY !== true || stderr.isTTY !== true) {
    throw badRequest(`${doing} must be confirmed; say --yes`);
  }
  const typed = await text({
    message: question,
    placeholder: name,
    input: stdin,
    output: stderr,
    validate: (given) => (given === name ? undefined : `type "${name}", or press Ctrl-C`),
  });
  if (isCancel(typed)) throw badRequest(undone);
}
