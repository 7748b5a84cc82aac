/** Every command that the documents show is understood: its name, its arguments, its options and their values. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cli, someDeps, type CliSettings } from './support.ts';

const root = new URL('../../', import.meta.url);
const documents = ['README.md', 'CONTRIBUTING.md', ...markdownOf('docs/'), ...markdownOf('docs/decisions/')].filter(
  (path) => path !== 'docs/commands.md',
);

function markdownOf(folder: string): string[] {
  return readdirSync(new URL(folder, root))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}${name}`);
}

/** Lines of code that begin with the program, and the program between backticks. */
function commandsIn(text: string): string[] {
  const found = [...text.matchAll(/(?:^ {4}|^|`)(?:\$ )?stratos ([^`\n]*)/gm)].map(([, line = '']) => line);
  return found.map((line) => line.replace(/ +#.*$/, '').trim()).filter((line) => /^[a-z-]/.test(line));
}

/** Words as a shell makes them, of what documents show: quotes, and nothing that expands. */
function wordsOf(line: string): string[] {
  const [command = ''] = line.split(/ [|>;] | && /);
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? '',
  );
}

const cases = documents.flatMap((path) =>
  [...new Set(commandsIn(readFileSync(new URL(path, root), 'utf8')))].map((line) => [path, line] as const),
);

/** Stands for all the work: a command that gets here has understood its words. */
const REACHED = 'reached';
const reached = () => Promise.reject(new Error(REACHED));
const use = new Proxy({}, { get: () => reached }) as NonNullable<CliSettings['use']>;

describe('commands in the documents', () => {
  it('are there at all', () => {
    expect(cases.length).toBeGreaterThan(30);
  });

  it.each(cases)('%s: stratos %s', async (_path, line) => {
    const words = wordsOf(line);
    // A command that is only named has no arguments: it must be there.
    const isName = words.length <= 2 && words.every((word) => /^[a-z]+$/.test(word));
    const { code, stderr, stdout } = await cli(isName ? [...words, '--help'] : words, {
      use,
      deps: someDeps({ loadSpec: reached }),
      // Somebody who answers what is asked.
      ...{ terminal: true, answers: ['x', 'x'], input: 'x' },
    });
    expect({ code, said: `${stdout}${stderr}` }).not.toMatchObject({ code: 64 });
  });
});
