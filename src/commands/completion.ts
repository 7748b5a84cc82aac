/** `stratos completion SHELL`: the script that makes a shell complete commands, options and names. */
import type { Command } from 'commander';
import { Argument } from 'commander';
import { EXIT } from '../model/errors.ts';
import type { Shell } from '../report/completion-script.ts';
import { COMPLETION_SCRIPTS } from '../report/completion-script.ts';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';

/** Configures the command. */
export function completionCommand(command: Command, context: CommandContext, run = runCompletion): void {
  describeCommand(command, {
    description:
      'Prints a script to load into a shell. It completes commands, options, aliases, and names of processes and VMs of the project.',
    examples: [
      ['stratos completion bash > /etc/bash_completion.d/stratos', 'bash'],
      ['stratos completion zsh > "${fpath[1]}/_stratos"', 'zsh'],
      ['stratos completion fish > ~/.config/fish/completions/stratos.fish', 'fish'],
    ],
  })
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(COMPLETION_SCRIPTS)))
    .action((shell: Shell) => {
      context.exit(run(shell, context));
    });
}

/** Prints the script. */
export function runCompletion(shell: Shell, context: CommandContext): number {
  context.io.out.write(COMPLETION_SCRIPTS[shell]);
  return EXIT.done;
}
