/** Puts the results of a suite, from standard input, between its markers in docs/performance.md, with the facts of the machine. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem, release } from 'node:os';
import { text } from 'node:stream/consumers';

const FILE = new URL('../docs/performance.md', import.meta.url);
const [suite = ''] = process.argv.slice(2);
const before = readFileSync(FILE, 'utf8');
const [start, end] = [`<!-- ${suite} begins: written by npm run bench -->`, `<!-- ${suite} ends -->`];
const from = before.indexOf(start);
const to = before.indexOf(end);
if (from < 0 || to < from) throw new Error(`docs/performance.md has no place for ${suite}`);

const results = (await text(process.stdin)).trim();
const body = results.startsWith('┌') ? `\`\`\`text\n${results}\n\`\`\`` : results;
const now = new Date().toISOString().slice(0, 16).replace('T', ' ');
const processors = cpus();
const facts = [
  `${now} UTC`,
  `${processors.length} × ${processors[0]?.model ?? 'unknown processor'}`,
  `${Math.round(totalmem() / 2 ** 30)} GiB`,
  `Linux ${release()}`,
  `Node ${process.versions.node}`,
  `load at the end ${(loadavg()[0] ?? 0).toFixed(1)}`,
].join(', ');
writeFileSync(
  FILE,
  `${before.slice(0, from)}${start}\n<!-- prettier-ignore-start -->\n\n_${facts}_\n\n${body}\n\n<!-- prettier-ignore-end -->\n${before.slice(to)}`,
);
