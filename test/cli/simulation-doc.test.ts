import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { expect, it } from 'vitest';
import { projectUseCases } from '../../src/compose/project-use-cases.ts';
import { loadSpec } from '../../src/inventory/load-spec.ts';
import { runSimulation } from '../../src/reconcile/simulation.ts';
import { cli } from './support.ts';

const FILE = new URL('../../docs/simulation.md', import.meta.url);
const BLOCK = /```console\n\$ stratos (.*)\n([^`]*)```/g;

/** `UPDATE_FIXTURES=1` writes the output into the document, which is then to be read. */
it('docs/simulation.md shows what the program prints', async () => {
  const text = await readFile(FILE, 'utf8');
  const directory = await mkdtemp(join(tmpdir(), 'stratos-doc-'));
  try {
    await writeFile(join(directory, 'stratos.yaml'), /```yaml\n([^`]*)```/.exec(text)?.[1] ?? '');
    let expected = text;
    const blocks = [...text.matchAll(BLOCK)];
    expect(blocks.length).toBeGreaterThan(2);
    for (const [block, command = ''] of blocks) {
      const { stdout, code } = await cli(command.split(' '), {
        width: 120,
        use: { ...projectUseCases, simulate: runSimulation },
        deps: { directory, loadSpec: () => loadSpec(directory) },
      });
      expect(code).toBe(0);
      expected = expected.replace(block, () => `\`\`\`console\n$ stratos ${command}\n${stdout}\`\`\``);
    }
    if (env.UPDATE_FIXTURES) await writeFile(FILE, expected);
    else expect(text).toBe(expected);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
