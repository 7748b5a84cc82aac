/** Making a plain machine a VM of ours, and giving it back. */
import { createHash } from 'node:crypto';
import { script, type ScriptStep } from '../shell/command.ts';
import { BRIDGE, IDMAP, LAYOUT, ROOT, UNITS } from './layout.ts';
import { PODMAN_PACKAGES } from './podman.ts';
import { preparedFiles, renderFiles, type PreparedFilesInput } from './prepared-files.ts';
import prepareText from './scripts/prepare.sh';
import releaseText from './scripts/release.sh';

export interface PrepareInput extends PreparedFilesInput {
  readonly lineage: string;
  /** Name of the VM. */
  readonly vm: string;
}

/** Hash of all that a preparation puts on a machine: a VM with another one is to be prepared again. */
export function prepareFingerprint(input: PrepareInput): string {
  const hash = createHash('sha256');
  for (const part of [prepareText, input.lineage, input.vm, renderFiles(preparedFiles(input))]) {
    hash.update(`${String(part.length)}:${part}`);
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * Installs what is missing and brings everything of ours up to date; without effect, and quick, when all is in place. Running
 * processes go on. Fails, and says why, with status 3 on a machine that belongs to another inventory, 4 on one that
 * lacks a package manager or packages, 5 on one that cannot run processes of ours: without systemd, behind firewalld or SELinux.
 */
export function prepareStep(input: PrepareInput): ScriptStep {
  const enabled = [UNITS.network, UNITS.processes, ...Object.keys(input.units)];
  return script(
    { name: 'prepare', text: prepareText },
    `prepare ${input.vm}`,
    [
      ...[input.lineage, input.vm, prepareFingerprint(input), ROOT, IDMAP.first, IDMAP.count],
      ...[input.podman ? PODMAN_PACKAGES : '', ...enabled],
    ],
    { stdin: renderFiles(preparedFiles(input)) },
  );
}

/**
 * Takes processes, units, network and files of ours off a machine that stays; packages stay too. Refuses a machine of another
 * lineage with status 3. No effect on a machine without label.
 */
export function releaseStep(lineage: string): ScriptStep {
  return script({ name: 'release', text: releaseText }, 'release the machine', [lineage, LAYOUT.root, BRIDGE]);
}
