import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/commands/registry.ts';
import { cli } from './support.ts';

const leaves = COMMANDS.flatMap((entry) =>
  'children' in entry ? entry.children.map((child) => [entry.name, child.name]) : entry.hidden ? [] : [[entry.name]],
);

describe('help', () => {
  it.each(leaves.map((path) => [path.join(' '), path] as const))(
    'of %s says what it is for, with two examples of itself',
    async (name, path) => {
      const { stdout, stderr, code } = await cli([...path, '--help']);
      expect([code, stderr]).toEqual([0, '']);
      const [usage, , purpose] = stdout.split('\n');
      expect(usage).toMatch(new RegExp(`^Usage: stratos ${name}( |$)`));
      expect(purpose).toMatch(/^[A-Z]/);
      const examples = stdout
        .slice(stdout.indexOf('Examples:'))
        .split('\n')
        .filter((line) => line.startsWith('  stratos '));
      expect(examples.length).toBeGreaterThanOrEqual(2);
      expect(examples.filter((line) => line.startsWith(`  stratos ${name}`)).length).toBeGreaterThanOrEqual(1);
      expect(await cli(['help', ...path])).toEqual({ stdout, stderr, code, opened: [] });
    },
  );

  it('of the program lists every command once, with its summary', async () => {
    const { stdout } = await cli(['--help']);
    for (const { name, summary, hidden } of COMMANDS) {
      if (hidden) expect(stdout).not.toContain(name);
      else expect(stdout).toMatch(new RegExp(`^  ${name} +${summary.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`, 'm'));
    }
    expect(await cli([])).toMatchObject({ stdout, code: 0 });
  });

  it('shows durations in words', async () => {
    expect((await cli(['simulate', '--help'])).stdout).toMatch(/--step .*\(default: 10s\)/);
    expect((await cli(['top', '--help'])).stdout).toMatch(/--interval .*\(default: 2s\)/);
  });

  it('of a group stands for the group alone', async () => {
    const { stdout, code } = await cli(['vm']);
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: stratos vm <command>');
    expect(stdout).toMatch(/^ {2}drain +move the processes of a VM away$/m);
  });

  it('fits 100 columns, and 80 on a terminal of 80', async () => {
    for (const width of [80, 100]) {
      const { stdout } = await cli(['subscribe', '--help'], { width });
      const described = stdout.slice(0, stdout.indexOf('Examples:')).split('\n');
      expect(Math.max(...described.map((line) => line.length))).toBeLessThanOrEqual(width);
    }
  });
});
