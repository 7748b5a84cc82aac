/** What a power cut does to local VMs: everything that lives in the kernel is gone, everything on the disk is there. */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { rootLayout } from '../../src/iaas/local/layout.ts';
import { runningContainers, thawInside } from '../../src/iaas/local/lxc.ts';
import type { TestSite } from './vm.ts';

const run = promisify(execFile);

/** Kills all VMs of a site without asking them, and takes bridge and rules away. */
export async function powerCut(site: TestSite): Promise<void> {
  const { vms } = rootLayout(site.spec.root);
  const running = await runningContainers(rootLayout(site.spec.root));
  for (const name of (await readdir(vms)).filter(running)) {
    await thawInside(name);
    await run('lxc-stop', ['-k', '-P', vms, '-n', name]);
  }
  await run('ip', ['link', 'delete', 'dev', site.spec.bridge]);
  await run('nft', ['delete', 'table', 'inet', `stratos-${site.spec.bridge}`]);
}
