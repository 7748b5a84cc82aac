/** `stratos schedule`: what makes this machine reconcile the project by itself. */
import type { Command } from 'commander';
import { EXIT } from '../model/errors.ts';
import { millis, type Millis } from '../model/quantity.ts';
import { cronText, systemdText } from '../report/schedule-text.ts';
import type { CommandContext } from './context.ts';
import { describeCommand } from './describe-command.ts';
import type { GlobalOptions } from './global-options.ts';
import { globalOptionsOf } from './global-options.ts';
import { durationOption, parseInterval } from './parse-option.ts';

export interface ScheduleOptions {
  readonly globals: GlobalOptions;
  readonly every: Millis;
  readonly systemd: boolean;
}

/** Configures the command. */
export function scheduleCommand(command: Command, context: CommandContext, run = runSchedule): void {
  describeCommand(command, {
    description:
      'Prints what makes this machine reconcile the project by itself: lines for cron, or a service and a timer of systemd. Installs nothing. Runs that meet wait for each other by the lock of the inventory.',
    examples: [
      ['stratos schedule | crontab -', 'each minute, as the only job of this user'],
      ['stratos schedule --systemd --every 30s', 'a service and a timer, to be put where they say'],
    ],
    globals: ['dir'],
  })
    .addOption(durationOption('--every <time>', 'pause between two runs', parseInterval, millis(60_000)))
    .option('--systemd', 'as units of systemd')
    .action(async ({ every, systemd = false }: { every: Millis; systemd?: boolean }) => {
      context.exit(await run({ globals: globalOptionsOf(command), every, systemd }, context));
    });
}

/** Prints the text. @throws UsageError for a pause that cron cannot say */
export async function runSchedule(
  { globals, every, systemd }: ScheduleOptions,
  context: CommandContext,
): Promise<number> {
  const { directory, env } = await context.open(globals);
  const schedule = { directory, every, path: env.PATH ?? '/usr/local/bin:/usr/bin:/bin' };
  context.settle();
  context.io.out.write(systemd ? systemdText(schedule) : cronText(schedule));
  return EXIT.done;
}
