/** What the action of every command is given. */
import type { Command } from 'commander';
import type { DynaBase } from '../sdk/client.ts';
import type { ClientOptions } from './options/options.ts';
import type { Printer } from './words/printer.ts';
import type { World } from './world.ts';

export type Context = {
  readonly world: World;
  readonly printer: Printer;
  /** Finds the server; a command that fails before needs none. Throws `SERVER_UNREACHABLE`. */
  readonly server: () => Promise<DynaBase>;
  /** What every command takes. */
  readonly options: ClientOptions;
};

/** The arguments of a command, its own flags, and the world: in that order of likelihood. */
export type Action<F> = (
  context: Context,
  args: readonly (string | undefined)[],
  flags: F,
) => Promise<void>;

/** Makes of an action what commander calls. */
export type Run = <F extends object>(action: Action<F>) => CommanderAction;

/** Commander passes the arguments, then the flags, then the command. */
export type CommanderAction = (this: Command, ...given: unknown[]) => Promise<void>;
