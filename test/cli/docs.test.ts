import { expect, it } from 'vitest';
import { COMMANDS } from '../../src/commands/registry.ts';
import { cli } from './support.ts';

/** Written anew by `npx vitest run --project unit test/cli/docs -u`. */
it('docs/commands.md is what --help says', async () => {
  const sections = ['# Commands', '', 'What `stratos COMMAND --help` prints.', '', ...fenced(await help([]))];
  for (const entry of COMMANDS) {
    if (entry.hidden) continue;
    const paths = 'children' in entry ? entry.children.map((child) => [entry.name, child.name]) : [[entry.name]];
    for (const path of paths) sections.push('', `## ${path.join(' ')}`, '', ...fenced(await help(path)));
  }
  await expect(`${sections.join('\n')}\n`).toMatchFileSnapshot('../../docs/commands.md');
});

async function help(path: readonly string[]): Promise<string> {
  return (await cli([...path, '--help'])).stdout.trimEnd();
}

function fenced(text: string): string[] {
  return ['```text', text, '```'];
}
