/** Building: a small cartridge from nothing, the same again with nothing changed, and with a change in its last step. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { duration, median, table, timed, verdict } from './measure.ts';

const ROUNDS = 7;
const STRATOS = fileURLToPath(new URL('../bin/stratos', import.meta.url));
const FIXTURE = fileURLToPath(new URL('../fixtures/cartridges/static', import.meta.url));

const directory = await mkdtemp(path.join(tmpdir(), 'stratos-build-bench-'));
try {
  const cartridge = path.join(directory, 'static');
  await cp(FIXTURE, cartridge, { recursive: true });
  await writeFile(
    path.join(directory, 'stratos.yaml'),
    'apiVersion: stratos/v1\niaas: { lab: { kind: local } }\npartitions: { web: { placement: [{ iaas: lab }] } }\n',
  );
  const build = [STRATOS, '--dir', directory, 'cartridge', 'build', cartridge] as const;
  const times = { fresh: [] as number[], same: [] as number[], late: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    times.fresh.push((await timed([...build, '--no-cache'])).ms);
    times.same.push((await timed(build)).ms);
    await writeFile(
      path.join(cartridge, 'serve'),
      `#!/bin/sh\nexec httpd -f -h /www # ${String(round)} ${directory}\n`,
    );
    times.late.push((await timed(build)).ms);
  }
  const rows: readonly (readonly [string, readonly number[], string])[] = [
    ['from nothing: base and two copies', times.fresh, ''],
    ['nothing changed', times.same, `under 2 s: ${verdict(median(times.same), 2000)}`],
    ['the file of the last step changed', times.late, ''],
  ];
  console.log(`The cartridge \`static\`, medians of ${String(ROUNDS)} builds by the program, its start included.\n`);
  console.log(
    table(
      ['', 'time', 'goal'],
      rows.map(([name, of, goal]) => [name, duration(median(of)), goal]),
    ),
  );
} finally {
  await rm(directory, { recursive: true });
}
