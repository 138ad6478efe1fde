/** `dynabase claimable` and `claim`: databases without an account. */
import type { Command } from 'commander';
import type { Run } from '../command.ts';
import { factsText } from '../words/layout.ts';
import { bytesWords, inWords } from '../words/words.ts';

export function addClaimCommands(program: Command, run: Run): void {
  program
    .command('claimable')
    .description('Create a database without an account, with a key of role claimer')
    .action(
      run(async ({ server, printer, world }) => {
        const made = await (await server()).claims.create();
        printer.answer(made, (style) =>
          [
            `${style.green('created')} ${style.bold(made.name)} (${made.id}), deleted ${inWords(made.expiresAt, world.now())}`,
            '',
            `  ${made.connectionUri}`,
            '',
            `At most ${bytesWords(made.logicalSizeBytesMax)} and ${made.sessionsMax} sessions. To keep it:`,
            `  dynabase claim ${made.token}`,
          ].join('\n'),
        );
      }),
    );
  program
    .command('claim')
    .argument('<token>', 'What was printed when it was made')
    .description("Make a database that was made without an account your customer's")
    .option('--show', 'Only tell its name and the time left')
    .action(
      run(async ({ server, printer, world }, [token = ''], flags: { readonly show?: true }) => {
        const { claims } = await server();
        if (flags.show === true) {
          const found = await claims.get(token);
          printer.answer(found, (style) =>
            factsText(
              [
                ['name', found.name],
                ['deleted', inWords(found.expiresAt, world.now())],
              ],
              style,
            ),
          );
          return;
        }
        const { id, name, plan, ...tenant } = await claims.claim(token);
        printer.answer(
          { id, name, plan, ...tenant },
          () =>
            `${name} (${id}, plan ${plan}) is yours; who made it knows its password: dynabase tenants rotate-password ${name}`,
        );
      }),
    );
}
