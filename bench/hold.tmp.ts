import './shell-text.ts';
const { fleetOfFour } = await import('./fleet-of-four.ts');
import { writeFile, access } from 'node:fs/promises';
await using fleet = await fleetOfFour();
await writeFile('/tmp/hold/dir', fleet.project.directory);
for (;;) { await new Promise(r=>setTimeout(r,500)); try { await access('/tmp/hold/stop'); break; } catch {} }
