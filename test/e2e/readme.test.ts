/** The README's tour, run as it stands. `UPDATE_README=1` writes the true output into it. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { normalized, readTranscript, writeTranscript } from '../support/transcript.ts';
import { testSite } from '../support/vm.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const README = path.join(ROOT, 'README.md');
const run = promisify(execFile);

test('README tour does and prints what it says', async () => {
  await using site = await testSite();
  const project = path.join(site.directory, 'shop');
  await mkdir(project);
  await symlink(path.join(ROOT, 'fixtures'), path.join(site.directory, 'fixtures'));
  const text = await readFile(README, 'utf8');
  const spec = /^```yaml\n([\s\S]*?)^```$/m.exec(text)?.[1] ?? '';
  expect(spec).toContain('lab: { kind: local }');
  const { bridge, subnet, root } = site.spec;
  const own = spec.replace('kind: local', `kind: local, bridge: ${bridge}, subnet: ${subnet}, root: ${root}`);

  const steps = readTranscript(text);
  const outputs: string[] = [];
  for (const { command } of steps) {
    const env = { ...process.env, PATH: `${path.join(ROOT, 'bin')}:${process.env.PATH ?? ''}`, NO_COLOR: '1' };
    const { stdout } = await run('sh', ['-c', command], { cwd: project, env });
    outputs.push(stdout.trimEnd());
    if (command === 'stratos init') await writeFile(path.join(project, 'stratos.yaml'), own);
  }
  if (process.env.UPDATE_README) await writeFile(README, writeTranscript(text, outputs.map(asByDefault(subnet))));
  else
    expect(steps.map(({ command }, i) => [command, normalized(outputs[i] ?? '')])).toEqual(
      steps.map(({ command, output }) => [command, normalized(output)]),
    );
}, 300_000);

/** The test's private subnet, written as the default one. */
function asByDefault(subnet: string): (output: string) => string {
  const prefix = subnet.split('.').slice(0, 3).join('.');
  return (output) => output.replaceAll(`${prefix}.`, '10.209.0.');
}
