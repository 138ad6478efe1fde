/** `dynabase login` and `logout`: which server commands go to, and with which key. */
import { isCancel, password } from '@clack/prompts';
import type { Command } from 'commander';
import { DynaBase } from '../../sdk/client.ts';
import { browserLogin } from '../browser-login.ts';
import type { Run } from '../command.ts';
import {
  credentialsPath,
  loginNamed,
  PROFILE_DEFAULT,
  readLogins,
  writeLogins,
} from '../credentials.ts';
import { badOption, badRequest } from '../failure.ts';
import { sourceOf } from '../options/read-options.ts';
import { plainHttpWarning } from '../plain-http.ts';
import { readClientOptions } from '../server.ts';
import type { World } from '../world.ts';

/** Longer than any key that we make. */
const KEY_LENGTH_MAX = 1_000;

export function addLoginCommands(program: Command, run: Run): void {
  addLogin(program, run);
  addLogout(program, run);
}

type LoginFlags = { readonly browser?: true; readonly customer?: string };

function addLogin(program: Command, run: Run): void {
  program
    .command('login')
    .description('Keep the address and the key of a server elsewhere, for all commands')
    .option('--browser', 'Log in with a browser, and keep a personal key')
    .option('--customer <id>', 'With --browser, who belongs to several: for this customer')
    .addHelpText('after', LOGIN_HELP)
    .action(
      run(async ({ world, printer, options }, _, flags: LoginFlags) => {
        const { apiUrl, apiKey } = options;
        const profile = options.profile ?? PROFILE_DEFAULT;
        const { sources } = await readClientOptions(world, program.opts());
        // A file in a directory that somebody else filled could have our key sent to him.
        if (apiUrl === null || sourceOf(sources, 'apiUrl') === 'file') {
          throw badOption('--api-url', 'must say where the server is');
        }
        const { browser, customer } = flags;
        if (customer !== undefined && !browser) throw badOption('--customer', 'needs --browser');
        world.stderr.write(plainHttpWarning(apiUrl) ?? '');
        const key = browser
          ? await browserLogin(world, { apiUrl, customer })
          : (apiKey ?? (await keyOf(world, apiUrl)));
        const login = { apiUrl, apiKey: key };
        const client = new DynaBase({ ...login, fetch: world.fetch, retriesMax: 0 });
        // A key that does not work is not kept. Any key may ask for this.
        await client.access.whoAmI();
        const logins = new Map(await readLogins(world)).set(profile, login);
        const file = await writeLogins(world, logins);
        printer.answer(
          { profile, apiUrl, file },
          (style) => `logged in to ${apiUrl} as profile ${style.bold(profile)}; kept in ${file}`,
        );
      }),
    );
}

const LOGIN_HELP = `
Without --browser the key is asked for, or read from standard input or DYNABASE_API_KEY, and never
printed. The profile "${PROFILE_DEFAULT}" holds where nothing else names a server; any other is named by --profile
or DYNABASE_PROFILE.`;

function addLogout(program: Command, run: Run): void {
  program
    .command('logout')
    .description('Forget the address and the key of a profile')
    .option('--all', 'Forget all profiles')
    .action(
      run(async ({ world, printer, options }, _, flags: { readonly all?: true }) => {
        const logins = new Map(await readLogins(world));
        const named = options.profile ?? PROFILE_DEFAULT;
        if (flags.all !== true) await loginNamed(world, named);
        const gone = flags.all === true ? [...logins.keys()] : [named];
        for (const profile of gone) logins.delete(profile);
        await writeLogins(world, logins);
        printer.answer({ profiles: gone, file: credentialsPath(world) }, () =>
          gone.length === 0 ? 'there was no profile' : `forgot ${gone.join(', ')}`,
        );
      }),
    );
}

async function keyOf(world: World, apiUrl: string): Promise<string> {
  const { stdin, stderr } = world;
  if (stdin.isTTY === true && stderr.isTTY === true) {
    const typed = await password({ message: `Key of ${apiUrl}`, input: stdin, output: stderr });
    if (isCancel(typed)) throw badRequest('nothing was kept');
    return checked(typed);
  }
  let text = '';
  for await (const part of stdin) {
    text += String(part);
    if (text.length > KEY_LENGTH_MAX) break;
  }
  return checked(text);
}

function checked(given: string): string {
  const key = given.trim();
  if (!/^[\x21-\x7e]+$/.test(key) || key.length > KEY_LENGTH_MAX) {
    throw badRequest('the key must be on one line of standard input, or in DYNABASE_API_KEY');
  }
  return key;
}
