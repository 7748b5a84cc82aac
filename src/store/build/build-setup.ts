/** What commands of a build need on the builder: the container's configuration, variables, and settings to fetch packages with. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IDMAP } from '../../lxc/layout.ts';
import { quote } from '../../shell/quote.ts';
import type { Builder, Workspace } from './builder.ts';
import { MACHINE_MOUNT, machineSettings } from './machine-settings.ts';
import type { MachineSettings } from './machine-settings.ts';
import { PLAIN_ENV } from './run-tool.ts';

export interface SetupOptions {
  readonly builder: Builder;
  readonly workspace: Workspace;
  /** Release whose packages are installed; undefined where only the base can know. */
  readonly suite: string | undefined;
  /** The operator's environment, whose proxy counts where this machine builds. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal | undefined;
}

/** Where scripts/build-step.sh has the root file system and the settings. */
const INSIDE = '/var/lib/lxc';
const LXC_CONFIG = [
  'lxc.include = /usr/share/lxc/config/common.conf',
  'lxc.include = /usr/share/lxc/config/userns.conf',
  'lxc.uts.name = build',
  `lxc.rootfs.path = dir:${INSIDE}/root`,
  `lxc.idmap = u 0 ${String(IDMAP.first)} ${String(IDMAP.count)}`,
  `lxc.idmap = g 0 ${String(IDMAP.first)} ${String(IDMAP.count)}`,
  // Else LXC reads from the terminal of whoever builds, and takes what is typed into the shell of --debug.
  'lxc.console.path = none',
  'lxc.net.0.type = none',
  'lxc.apparmor.profile = unconfined',
  'lxc.mount.auto =',
  'lxc.mount.auto = proc:mixed',
  'lxc.mount.entry = tmpfs run tmpfs rw,mode=755,create=dir 0 0',
  `lxc.mount.entry = ${INSIDE}/machine ${MACHINE_MOUNT.slice(1)} none bind,ro,create=dir 0 0`,
  `lxc.mount.entry = ${INSIDE}/machine/resolv.conf etc/resolv.conf none bind,ro,create=file 0 0`,
  `lxc.mount.entry = ${INSIDE}/machine/hosts etc/hosts none bind,ro,create=file 0 0`,
  `lxc.init.cmd = /bin/sh ${MACHINE_MOUNT}/init`,
  '',
].join('\n');

/** Collects the settings and brings all but the variables of commands to the builder. @throws HostError, UnreachableError */
export async function buildSetup(options: SetupOptions): Promise<MachineSettings> {
  const { builder, workspace, suite, env, signal } = options;
  const { local } = workspace;
  const { root, aptDump } = await builder.settings(workspace, signal);
  // The operator's proxy may be out of reach of a VM, which has its own.
  const source = { root, aptDump, env: builder.vm === undefined ? env : {} };
  const settings = await machineSettings(join(local, 'machine'), suite, source);
  await mkdir(join(local, 'setup'), { mode: 0o700, recursive: true });
  await writeFile(join(local, 'machine/init'), 'while :; do sleep 3600; done\n');
  await writeFile(join(local, 'setup/config'), LXC_CONFIG);
  await writeFile(join(local, 'setup/proxy'), exports(settings.proxyEnv), { mode: 0o600 });
  await builder.send(workspace, ['machine', 'setup'], signal);
  return settings;
}

/** Gives commands their variables. */
export async function setVariables(
  { builder, workspace, signal }: SetupOptions,
  settings: MachineSettings,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const all = { ...PLAIN_ENV, ...settings.env, DEBIAN_FRONTEND: 'noninteractive', ...variables };
  await writeFile(join(workspace.local, 'setup/env'), exports(all), { mode: 0o600 });
  await builder.send(workspace, ['setup'], signal);
}

/** As a shell reads them. */
function exports(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${quote(value)}\n`)
    .join('');
}
