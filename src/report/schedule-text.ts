/** What makes a machine reconcile a project by itself: lines for cron, or units for systemd. Text only; nothing is installed. */
import { UsageError } from '../model/errors.ts';
import { formatDuration, type Millis } from '../model/quantity.ts';
import { quote } from '../shell/quote.ts';

export interface Schedule {
  /** Project directory, absolute. */
  readonly directory: string;
  readonly every: Millis;
  /** Where programs are looked for, so that `stratos` is found as it is now. */
  readonly path: string;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Lines for `crontab -e`. @throws UsageError for what cron cannot say: parts of a minute, and what does not divide an hour or a day */
export function cronText({ directory, every, path }: Schedule): string {
  const times = cronTimes(every);
  if (times === undefined)
    throw new UsageError(`Cannot say it in the words of cron: every ${formatDuration(every)}`, {
      hint: `stratos schedule --systemd --every ${String(every / 1000)}s`,
    });
  // A percent sign ends a command of cron, and what follows is its input.
  const command = `cd ${quote(directory)} && stratos reconcile --quiet`.replaceAll('%', '\\%');
  return `# every ${formatDuration(every)}; for crontab -e\nPATH=${path}\n${times} ${command}\n`;
}

function cronTimes(every: Millis): string | undefined {
  const [minutes, hours] = [every / MINUTE, every / HOUR];
  if (minutes === 1) return '* * * * *';
  if (Number.isInteger(minutes) && 60 % minutes === 0 && minutes < 60) return `*/${String(minutes)} * * * *`;
  if (hours === 24) return '0 0 * * *';
  if (Number.isInteger(hours) && 24 % hours === 0) return hours === 1 ? '0 * * * *' : `0 */${String(hours)} * * *`;
  return undefined;
}

/** A service and its timer, each with the name of its file before it. A round that takes longer than the pause is waited for. */
export function systemdText({ directory, every, path }: Schedule): string {
  const name = `stratos-${
    directory
      .split('/')
      .at(-1)
      ?.replace(/[^A-Za-z0-9_.-]+/g, '-') ?? 'project'
  }`;
  return `# /etc/systemd/system/${name}.service
[Unit]
Description=Reconcile ${unitText(directory)}

[Service]
Type=oneshot
WorkingDirectory=${unitText(directory)}
Environment="PATH=${unitText(path)}"
ExecStart=/usr/bin/env stratos reconcile --quiet

# /etc/systemd/system/${name}.timer
[Unit]
Description=Reconcile ${unitText(directory)}, every ${formatDuration(every)}

[Timer]
OnBootSec=1min
OnUnitActiveSec=${String(every / 1000)}s
AccuracySec=1s

[Install]
WantedBy=timers.target

# systemctl enable --now ${name}.timer
`;
}

/** Of systemd's own signs the percent sign begins a specifier. @throws UsageError for a line break */
function unitText(text: string): string {
  if (/[\n\r"\\]/.test(text)) throw new UsageError(`Cannot put it into a unit of systemd: ${JSON.stringify(text)}`);
  return text.replaceAll('%', '%%');
}
