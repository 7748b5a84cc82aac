import { expect, test } from 'vitest';
import {
  createSteps,
  execArgv,
  logsArgv,
  parseCreate,
  removeSteps,
  restartSteps,
  startSteps,
} from '../../../src/lxc/process-lifecycle.ts';
import { millis } from '../../../src/model/quantity.ts';
import { Secret } from '../../../src/model/secret.ts';
import type { ScriptStep, Step } from '../../../src/shell/command.ts';
import { aCartridge, aLaunch, IMAGE_HEX } from './a-launch.ts';

function scripts(steps: readonly Step[]): readonly ScriptStep[] {
  return steps.filter((step) => step.kind === 'script');
}

test('createSteps makes all containers in one step and starts them in a second', () => {
  const launches = [aLaunch(), aLaunch({ name: 'shop-2', ordinal: 2, index: 2 })];
  const [make, start, ...rest] = scripts(createSteps(launches));
  expect(rest).toEqual([]);
  expect(make?.title).toBe('make 2 processes');
  const rootfs = `/var/lib/stratos/images/${IMAGE_HEX}/rootfs`;
  expect(make?.args.slice(2)).toEqual(['shop-1', 'f1', rootfs, 'shop-2', 'f1', rootfs]);
  expect(start?.args.slice(4)).toEqual([
    'start',
    ...['shop-1', '10.66.0.2', '02:53:0a:42:00:02', '20000 : 10.66.0.2 . 80', 80, 1000, 1, '/'],
    ...['shop-2', '10.66.0.3', '02:53:0a:42:00:03', '20008 : 10.66.0.3 . 80', 80, 1000, 1, '/'],
  ]);
});

test('createSteps keeps secrets off arguments and out of what can be logged', () => {
  const steps = createSteps([aLaunch({ env: { TOKEN: new Secret('hush') } })]);
  expect(JSON.stringify(steps)).not.toContain('hush');
  const input = scripts(steps)[0]?.stdin;
  expect(input instanceof Secret && input.reveal()).toContain('export TOKEN=hush\n');
});

test('createSteps counts the lines of every text, so that none can pass for a record', () => {
  const trick = 'x\nend\nprocess evil /etc 0\nfile ../../../etc/passwd 1\n';
  const [make] = scripts(createSteps([aLaunch({ env: { TRICK: trick } })]));
  const input = make?.stdin instanceof Secret ? make.stdin.reveal().split('\n') : [];
  const keys: string[] = [];
  for (let i = 0; i < input.length - 1; i += 1) {
    const [key = '', , lines] = (input[i] ?? '').split(' ');
    keys.push(key);
    if (key === 'file') i += Number(lines);
  }
  expect(keys).toEqual([
    'process',
    ...Array.from({ length: 7 }, () => 'limit'),
    ...Array.from({ length: 6 }, () => 'file'),
    'end',
  ]);
});

test.each(['', 'a b', '$(touch /tmp/x)', 'a/b', '..', 'a\nb', "it's", '-a', 'a'.repeat(300)])(
  'steps refuse the name %j',
  (name) => {
    expect(() => createSteps([aLaunch({ name })])).toThrow(/Cannot use the process name/);
    expect(() => removeSteps('l', [{ name, drain: millis(0) }])).toThrow(/Cannot use the process name/);
    expect(() => execArgv(name, ['id'])).toThrow(/Cannot use the process name/);
    expect(() => logsArgv(name)).toThrow(/Cannot use the process name/);
  },
);

test('createSteps refuses a user that could be read as another record', () => {
  const launch = aLaunch();
  const image = { ...launch.image, run: { ...launch.image.run, user: 'www data' } };
  expect(() => createSteps([{ ...launch, image }])).toThrow(/the user of its image has no valid name: "www data"/);
});

test('steps for no process are none', () => {
  expect([...createSteps([]), ...startSteps([]), ...restartSteps([]), ...removeSteps('l', [])]).toEqual([]);
});

test('startSteps asks an http path of http ports only, and nothing of a process without port', () => {
  const tcp = aCartridge({ ports: [{ name: 'db', port: 5432, protocol: 'tcp' }] });
  const none = aCartridge({ ports: [] });
  const wordsOf = (cartridge: typeof tcp) => scripts(startSteps([aLaunch({ cartridge })]))[0]?.args.slice(8);
  expect(wordsOf(tcp)).toEqual(['20000 : 10.66.0.2 . 5432', 5432, 1000, 1, '']);
  expect(wordsOf(none)).toEqual(['', 0, 1000, 1, '']);
});

test('startSteps asks the port that the health check names', () => {
  const cartridge = aCartridge({
    ports: [
      { name: 'http', port: 80, protocol: 'http' },
      { name: 'admin', port: 81, protocol: 'http' },
    ],
    health: { port: 'admin', path: '/a b', interval: millis(1), timeout: millis(2500), startup: millis(1) },
  });
  const [start] = scripts(startSteps([aLaunch({ cartridge })]));
  expect(start?.args.slice(8)).toEqual(['20000 : 10.66.0.2 . 80, 20001 : 10.66.0.2 . 81', 81, 1, 2.5, '/a%20b']);
});

test('steps may take as long as the longest wait inside, and longer', () => {
  const slow = aCartridge({ health: { ...aCartridge().health, startup: millis(300_000) } });
  expect(startSteps([aLaunch(), aLaunch({ cartridge: slow })])[0]?.timeout).toBeGreaterThan(300_000);
  expect(removeSteps('l', [{ name: 'a', drain: millis(500_000) }])[0]?.timeout).toBeGreaterThan(500_000);
});

test('parseCreate says nothing of a process that gave no answer', () => {
  expect(parseCreate([{ title: '', status: 124, stdout: '', stderr: 'killed', ms: 1 }])).toEqual([]);
});

test('logsArgv names the process by its identifier', () => {
  const argv = logsArgv('shop-1', { follow: true, lines: 5, since: '-5min; id' });
  expect(argv).toEqual([
    ...['journalctl', '--quiet', '--no-pager', '--all', '--identifier=shop-1', '--output=cat'],
    ...['--follow', '--lines=5', '--since=-5min; id'],
  ]);
});
