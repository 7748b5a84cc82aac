import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { renderLauncher } from '../../../src/lxc/launcher.ts';
import type { ProcessLaunch } from '../../../src/lxc/process-launch.ts';
import { Secret } from '../../../src/model/secret.ts';
import { aCartridge, aLaunch } from './a-launch.ts';

/** What a program sees that a real shell starts by the launcher; without arguments it would write to the log pipe. */
function environmentOf(launch: ProcessLaunch): Map<string, string> {
  const script = renderLauncher(launch).reveal();
  const output = execFileSync('/bin/sh', ['-c', script, 'init', 'env', '-0'], { encoding: 'utf8', env: {} });
  return new Map(
    output
      .split('\0')
      .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)] as const),
  );
}
const inTmp = (change: Partial<ProcessLaunch>): ProcessLaunch => {
  const launch = aLaunch();
  return { ...launch, image: { ...launch.image, run: { ...launch.image.run, workingDir: '/tmp' } }, ...change };
};

test('renderLauncher gives values to the program exactly, whatever they contain', () => {
  const values = {
    QUOTES: `a'b"c`,
    LINES: 'one\ntwo\n',
    COMMAND: '$(touch /tmp/x) `id` $HOME',
    EMPTY: '',
    UNICODE: 'zoë 🐘',
  };
  const seen = environmentOf(inTmp({ env: values }));
  for (const [name, value] of Object.entries(values)) expect(seen.get(name)).toBe(value);
});

test("renderLauncher lets the subscription's environment win over the image's, and sets a PATH", () => {
  const seen = environmentOf(inTmp({ env: { BOTH: 'subscription' } }));
  expect(seen.get('BOTH')).toBe('subscription');
  expect(seen.get('FROM')).toBe('image');
  expect(seen.get('PATH')).toContain('/usr/bin');
  expect(seen.get('PWD')).toBe('/tmp');
});

test('renderLauncher runs the command of the cartridge before that of the image', () => {
  expect(renderLauncher(aLaunch()).reveal()).toContain('set -- httpd -f\n');
  const launch = aLaunch({ cartridge: aCartridge({ command: ['run', "it's"] }) });
  expect(renderLauncher(launch).reveal()).toContain(`set -- run 'it'\\''s'\n`);
});

test('renderLauncher reveals a secret to the program only', () => {
  const launch = inTmp({ env: { TOKEN: new Secret('hush') } });
  expect(environmentOf(launch).get('TOKEN')).toBe('hush');
  expect(JSON.stringify(renderLauncher(launch))).not.toContain('hush');
});

test('renderLauncher does not show a value that no variable can hold', () => {
  expect(() => renderLauncher(aLaunch({ env: { TOKEN: new Secret('hush\0') } }))).toThrow(
    'Cannot set the environment variable as its value is not valid Unicode without NUL: TOKEN',
  );
});

test.each(['A B', '1A', 'A=B', 'A\nB', '', 'A;id'])('renderLauncher refuses the variable name %j', (name) => {
  expect(() => renderLauncher(aLaunch({ env: { [name]: 'x' } }))).toThrow(/as its name is not valid/);
});

test('renderLauncher refuses to start nothing', () => {
  const launch = aLaunch();
  const image = { ...launch.image, run: { ...launch.image.run, argv: [] } };
  expect(() => renderLauncher({ ...launch, image })).toThrow(/neither its cartridge nor its image names a command/);
});
