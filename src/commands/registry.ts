/** Every command by name: what help needs to list it, and how to load the rest when it is used. */
import type { Command } from 'commander';
import type { CommandContext } from './context.ts';

/** Gives a command its description, arguments, options and action. */
export type Configure = (command: Command, context: CommandContext) => void;

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Heading in the list of commands. */
  readonly group?: string;
  readonly hidden?: boolean;
}

export interface LeafEntry extends CommandEntry {
  readonly load: () => Promise<Configure>;
  /** Of a group: it runs where no name of a command follows the group's. */
  readonly isDefault?: true;
}

export interface GroupEntry extends CommandEntry {
  readonly children: readonly LeafEntry[];
}

const EVERYDAY = 'Everyday commands:';
const SUBSCRIPTIONS = 'Subscriptions:';
const FLEET = 'What the fleet is made of:';
const UPKEEP = 'Upkeep:';

const cartridge: readonly LeafEntry[] = [
  leaf(
    'build',
    'build an image from a cartridge directory',
    async () => (await import('./cartridge/build.ts')).buildCommand,
  ),
  leaf('commit', 'make an image of a process', async () => (await import('./cartridge/commit.ts')).commitCommand),
  leaf('add', 'take an image into the spec', async () => (await import('./cartridge/add.ts')).addCommand),
  leaf('import', 'take an image from an archive', async () => (await import('./cartridge/import.ts')).importCommand),
  leaf('export', 'write an image into a file', async () => (await import('./cartridge/export.ts')).exportCommand),
  leaf(
    'bundle',
    'write several images into one file',
    async () => (await import('./cartridge/bundle.ts')).bundleCommand,
  ),
  leaf('diff', 'show how two images differ', async () => (await import('./cartridge/diff.ts')).diffCommand),
  leaf('prune', 'remove images that nothing needs', async () => (await import('./cartridge/prune.ts')).pruneCommand),
  leaf('push', 'bring an image to a registry', async () => (await import('./cartridge/push.ts')).pushCommand),
  leaf('pull', 'bring an image to this machine', async () => (await import('./cartridge/pull.ts')).pullCommand),
  leaf(
    'copy',
    'bring an image from any place to any other',
    async () => (await import('./cartridge/copy.ts')).copyCommand,
  ),
  leaf('search', 'list images of registries', async () => (await import('./cartridge/search.ts')).searchCommand),
  leaf('ls', 'list images', async () => (await import('./cartridge/ls.ts')).lsCommand),
  leaf(
    'preload',
    'bring an image to VMs before it is needed',
    async () => (await import('./cartridge/preload.ts')).preloadCommand,
  ),
  leaf('show', 'show one image', async () => (await import('./cartridge/show.ts')).showCommand),
  leaf(
    'verify',
    'check an image and its signatures',
    async () => (await import('./cartridge/verify.ts')).verifyCommand,
  ),
  leaf('sbom', 'list the packages of an image', async () => (await import('./cartridge/sbom.ts')).sbomCommand),
  leaf('sign', 'vouch for an image', async () => (await import('./cartridge/sign.ts')).signCommand),
  leaf('tag', 'give an image a further name', async () => (await import('./cartridge/tag.ts')).tagCommand),
  leaf(
    'rm',
    'remove a name, and the image with its last name',
    async () => (await import('./cartridge/rm.ts')).rmCommand,
  ),
];

const store: readonly LeafEntry[] = [
  leaf('ls', 'list stores', async () => (await import('./store/ls.ts')).lsCommand),
  leaf('add', 'add a store to the spec', async () => (await import('./store/add.ts')).addCommand),
  leaf('rm', 'take a store out of the spec', async () => (await import('./store/rm.ts')).rmCommand),
  leaf('login', 'keep a password for a registry', async () => (await import('./store/login.ts')).loginCommand),
  leaf('logout', 'take a kept password away', async () => (await import('./store/logout.ts')).logoutCommand),
];

const process: readonly LeafEntry[] = [
  leaf('ls', 'list processes', async () => (await import('./process/ls.ts')).lsCommand),
  leaf('show', 'show one process', async () => (await import('./process/show.ts')).showCommand),
  leaf('exec', 'run a program in a process', async () => (await import('./process/exec.ts')).execCommand),
  leaf('shell', 'open a shell in a process', async () => (await import('./process/shell.ts')).shellCommand),
  leaf('logs', 'print what a process wrote', async () => (await import('./process/logs.ts')).logsCommand),
  leaf('cp', 'copy files from or into a process', async () => (await import('./process/cp.ts')).cpCommand),
  leaf('snapshot', 'take a snapshot of a process', async () => (await import('./process/snapshot.ts')).snapshotCommand),
  leaf(
    'snapshots',
    'list the snapshots of a process, delete one',
    async () => (await import('./process/snapshots.ts')).snapshotsCommand,
  ),
  leaf(
    'restore',
    'put a process back to a snapshot',
    async () => (await import('./process/restore.ts')).restoreCommand,
  ),
  leaf('restart', 'restart processes', async () => (await import('./process/restart.ts')).restartCommand),
  leaf('sleep', 'put a process to sleep', async () => (await import('./process/sleep.ts')).sleepCommand),
  leaf('wake', 'wake a process', async () => (await import('./process/wake.ts')).wakeCommand),
];

const vm: readonly LeafEntry[] = [
  leaf('ls', 'list VMs', async () => (await import('./vm/ls.ts')).lsCommand),
  leaf('show', 'show one VM and its processes', async () => (await import('./vm/show.ts')).showCommand),
  leaf('ssh', 'log in to a VM, or run a program on it', async () => (await import('./vm/ssh.ts')).sshCommand),
  leaf('prepare', 'prepare VMs again', async () => (await import('./vm/prepare.ts')).prepareCommand),
  leaf('prune', 'remove images that nothing needs', async () => (await import('./vm/prune.ts')).pruneCommand),
  leaf('bake', 'make an image of a prepared VM', async () => (await import('./vm/bake.ts')).bakeCommand),
  leaf('cordon', 'keep new processes off a VM', async () => (await import('./vm/cordon.ts')).cordonCommand),
  leaf('drain', 'move the processes of a VM away', async () => (await import('./vm/drain.ts')).drainCommand),
  leaf('uncordon', 'let a VM take processes again', async () => (await import('./vm/uncordon.ts')).uncordonCommand),
];

const iaas: readonly LeafEntry[] = [
  leaf('ls', 'list IaaS', async () => (await import('./iaas/ls.ts')).lsCommand),
  leaf('check', 'test an IaaS before anything is bought', async () => (await import('./iaas/check.ts')).checkCommand),
];

const rollout: readonly LeafEntry[] = [
  {
    ...leaf(
      'start',
      'roll out what the spec says, or something else; the word start may be left out',
      async () => (await import('./rollout/start.ts')).startCommand,
    ),
    isDefault: true,
  },
  leaf('status', 'show how far a rollout is', async () => (await import('./rollout/status.ts')).statusCommand),
  leaf(
    'history',
    'list the revisions of a subscription',
    async () => (await import('./rollout/history.ts')).historyCommand,
  ),
  leaf('pause', 'hold a rollout', async () => (await import('./rollout/mark.ts')).pauseCommand),
  leaf('resume', 'let a paused rollout go on', async () => (await import('./rollout/mark.ts')).resumeCommand),
  leaf('promote', 'let a canary become the rest', async () => (await import('./rollout/mark.ts')).promoteCommand),
  leaf('abort', 'end a rollout and go back', async () => (await import('./rollout/mark.ts')).abortCommand),
];

const tenant: readonly LeafEntry[] = [
  leaf('add', 'sign a tenant up', async () => (await import('./tenant/add.ts')).addCommand),
  leaf('ls', 'list tenants', async () => (await import('./tenant/ls.ts')).lsCommand),
  leaf('rm', 'end the sign-up of a tenant', async () => (await import('./tenant/rm.ts')).rmCommand),
];

const inventory: readonly LeafEntry[] = [
  leaf(
    'ls',
    'show what the inventory holds and who holds it',
    async () => (await import('./inventory/ls.ts')).lsCommand,
  ),
  leaf(
    'unlock',
    'break a lock that was left behind',
    async () => (await import('./inventory/unlock.ts')).unlockCommand,
  ),
];

/** All commands, in the order in which help lists them. */
export const COMMANDS: readonly (LeafEntry | GroupEntry)[] = [
  grouped(EVERYDAY, [
    leaf('init', 'start a project', async () => (await import('./init.ts')).initCommand),
    leaf('validate', 'check the spec', async () => (await import('./validate.ts')).validateCommand),
    leaf('plan', 'show what reconcile would do', async () => (await import('./plan.ts')).planCommand),
    leaf('apply', 'carry out a saved plan', async () => (await import('./apply.ts')).applyCommand),
    leaf(
      'reconcile',
      'make the fleet what the spec says',
      async () => (await import('./reconcile.ts')).reconcileCommand,
    ),
    leaf('status', 'show what runs and where', async () => (await import('./status.ts')).statusCommand),
    leaf('top', 'show what the fleet does now', async () => (await import('./top.ts')).topCommand),
    leaf('explain', 'show why it is so', async () => (await import('./explain.ts')).explainCommand),
  ]),
  grouped(SUBSCRIPTIONS, [
    leaf('subscribe', 'run a cartridge under an alias', async () => (await import('./subscribe.ts')).subscribeCommand),
    leaf('unsubscribe', 'end a subscription', async () => (await import('./unsubscribe.ts')).unsubscribeCommand),
    leaf('scale', 'set the bounds of a subscription', async () => (await import('./scale.ts')).scaleCommand),
    { name: 'tenant', summary: 'tenants of a subscription: add, list, remove', children: tenant },
    { name: 'rollout', summary: 'replace processes: start, watch, pause, promote, abort', children: rollout },
    leaf('rollback', 'go back to an earlier revision', async () => (await import('./rollback.ts')).rollbackCommand),
  ]),
  grouped(FLEET, [
    { name: 'cartridge', summary: 'images: build, import, list, tag, remove', children: cartridge },
    { name: 'store', summary: 'where images live: list, add, remove, log in and out', children: store },
    { name: 'process', summary: 'processes: list, exec, logs, snapshots, restart', children: process },
    { name: 'vm', summary: 'VMs: list, log in, prepare, drain', children: vm },
    { name: 'iaas', summary: 'where machines come from: list, check', children: iaas },
    { name: 'inventory', summary: 'the inventory and its lock', children: inventory },
  ]),
  grouped(UPKEEP, [
    leaf(
      'simulate',
      'try policies over a load, in virtual time',
      async () => (await import('./simulate.ts')).simulateCommand,
    ),
    leaf('report', 'show what was measured', async () => (await import('./report.ts')).reportCommand),
    leaf('events', 'show what was done, when and why', async () => (await import('./events.ts')).eventsCommand),
    leaf(
      'doctor',
      'check this machine, the project and each VM',
      async () => (await import('./doctor.ts')).doctorCommand,
    ),
    leaf(
      'schedule',
      'print what reconciles by itself: cron, systemd',
      async () => (await import('./schedule.ts')).scheduleCommand,
    ),
    leaf(
      'completion',
      'print a completion script for a shell',
      async () => (await import('./completion.ts')).completionCommand,
    ),
    leaf(
      'destroy',
      'end every VM and process of this project',
      async () => (await import('./destroy.ts')).destroyCommand,
    ),
  ]),
].flat();

function leaf(name: string, summary: string, load: () => Promise<Configure>): LeafEntry {
  return { name, summary, load };
}

function grouped(group: string, entries: readonly (LeafEntry | GroupEntry)[]): readonly (LeafEntry | GroupEntry)[] {
  return entries.map((entry) => ({ ...entry, group }));
}
