import type { Confirmation } from './confirm.ts';
import type { World } from './world.ts';

/** What every command has that deletes or replaces data. */
export type Confirmed = { readonly yes?: true };

/** Asks a person to type a name, unless `--yes` says that it was thought of. */
export async function askFirst(world: World, flags: Confirmed, asked: Confirmation): Promise<void> {
  if (flags.yes === true) return;
  // Loaded only here: it takes longer to load than most commands to run.
  const { confirmByName } = await import('./confirm.ts');
  await confirmByName(world, asked);
}
