/** `stratos iaas check NAME`: whether a machine could be had there, before one is bought. */
import type { Command } from 'commander';
import type { Finding } from '../../iaas/provider.ts';
import { EXIT } from '../../model/errors.ts';
import { cleanText } from '../../report/clean-text.ts';
import { padText } from '../../report/text-width.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import { globalOptionsOf, type GlobalOptions } from '../global-options.ts';
import { printResult } from '../print-result.ts';

export interface CheckOptions {
  readonly globals: GlobalOptions;
  readonly iaas: string;
}

/** Configures the command. */
export function checkCommand(command: Command, context: CommandContext, run = runCheck): void {
  describeCommand(command, {
    description:
      'Tests credentials, quota, image, network, and the sizes and prices of the partitions placed there. Buys nothing, changes nothing. Ends with 1 when something failed.',
    examples: [
      ['stratos iaas check cloud', 'before the first reconcile'],
      ['stratos iaas check cloud -o json', 'for a CI job'],
    ],
    globals: ['dir'],
  })
    .argument('<iaas>', 'name of the IaaS')
    .action(async (iaas: string) => {
      context.exit(await run({ globals: globalOptionsOf(command), iaas }, context));
    });
}

/** Prints what was found. @throws NotFoundError */
export async function runCheck({ globals, iaas }: CheckOptions, context: CommandContext): Promise<number> {
  const check = await context.use.iaasCheck(await context.open(globals), iaas);
  const failed = check.findings.some(({ status }) => status === 'failed');
  await printResult(context, globals, {
    kind: 'IaasCheck',
    body: { iaas: check.iaas, adapter: check.kind, ok: !failed, findings: check.findings },
    text: ({ paint }) => {
      const sign = { ok: paint.green('✓'), warning: paint.yellow('!'), failed: paint.red('✗') };
      return check.findings.map((finding) => `${sign[finding.status]} ${lineOf(finding)}`).join('');
    },
  });
  return failed ? EXIT.failed : EXIT.done;
}

function lineOf({ subject, detail, hint }: Finding): string {
  const more = hint === undefined ? '' : `    ${cleanText(hint)}\n`;
  return `${padText(subject, 'credentials'.length)}  ${cleanText(detail)}\n${more}`;
}
