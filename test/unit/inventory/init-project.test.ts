import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { initProject } from '../../../src/inventory/init-project.ts';
import { loadSpec } from '../../../src/inventory/load-spec.ts';
import { tempDir } from './temp-dir.ts';

describe('initProject', () => {
  it.each(['local', 'static'] as const)('writes a valid spec for %s machines', async (iaas) => {
    const directory = join(await tempDir(), 'deep/project');
    const written = await initProject(directory, { iaas });
    expect(written).toEqual(
      ['stratos.yaml', '.stratos/stratos-v1.schema.json', '.gitignore'].map((name) => join(directory, name)),
    );
    expect(Object.values((await loadSpec(directory)).iaas)).toMatchObject([{ kind: iaas }]);
    const [first] = (await readFile(join(directory, 'stratos.yaml'), 'utf8')).split('\n');
    expect(first).toBe('# yaml-language-server: $schema=.stratos/stratos-v1.schema.json');
  });

  it('refuses to overwrite, and touches nothing then', async () => {
    const directory = await tempDir();
    await writeFile(join(directory, 'stratos.yaml'), 'mine\n');
    await expect(initProject(directory)).rejects.toThrow(
      `Cannot start a project as there is one already: ${directory}/stratos.yaml`,
    );
    expect(await readFile(join(directory, 'stratos.yaml'), 'utf8')).toBe('mine\n');
    expect(await readdir(directory)).not.toContain('.gitignore');
  });

  it('adds to .gitignore only what is not there', async () => {
    const directory = await tempDir();
    await writeFile(join(directory, '.gitignore'), 'node_modules\ninventory.yaml');
    await initProject(directory);
    expect(await readFile(join(directory, '.gitignore'), 'utf8')).toBe(
      'node_modules\ninventory.yaml\n/inventory.yaml.previous\n/.stratos/\n',
    );
  });
});
