/** `stratos vm bake VM`: an image of a prepared VM, for later ones to boot from. */
import type { Command } from 'commander';
import { EXIT } from '../../model/errors.ts';
import { cleanText } from '../../report/clean-text.ts';
import type { CommandContext } from '../context.ts';
import { describeCommand } from '../describe-command.ts';
import { globalOptionsOf, limitsOf, type GlobalOptions } from '../global-options.ts';
import { printDone } from '../print-result.ts';

export interface BakeOptions {
  readonly globals: GlobalOptions;
  readonly vm: string;
  /** Undefined: of the IaaS, the partition and the time. */
  readonly name?: string;
}

/** Configures the command. */
export function bakeCommand(command: Command, context: CommandContext, run = runBake): void {
  describeCommand(command, {
    description:
      'Makes an image on its IaaS of a prepared VM without processes: VMs made of it have everything installed when they boot. The VM stays as it is. Prints what to write into the spec.',
    examples: [
      ['stratos vm bake web-1', 'an image of web-1'],
      ['stratos vm bake web-1 --name web-base', 'with a name of your own'],
    ],
    globals: ['dir', 'lockTimeout'],
  })
    .argument('<vm>', 'name of the VM')
    .option('--name <name>', 'name of the image (default: of the IaaS, the partition and the time)')
    .action(async (vm: string, { name }: { name?: string }) => {
      const given = name === undefined ? {} : { name };
      context.exit(await run({ globals: globalOptionsOf(command), vm, ...given }, context));
    });
}

/** Bakes, and says how the image is used. @throws NotFoundError, UsageError, IaasError */
export async function runBake({ globals, vm, name }: BakeOptions, context: CommandContext): Promise<number> {
  const baked = await context.use.vmBake(await context.open(globals), vm, name, limitsOf(globals, context));
  await printDone(context, globals, {
    kind: 'VmBaked',
    body: baked,
    text: () => `${cleanText(`baked ${vm}; for further VMs: iaas: ${baked.iaas}: image: ${baked.image}`)}\n`,
  });
  return EXIT.done;
}
