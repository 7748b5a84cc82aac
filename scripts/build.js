/**
 * Bundles the program to dist/: `main.js`, which knows the version and starts the rest, and `run.js`, all of it in one file. Its
 * modules run when they are first imported, so that a command pays only for what it uses; CommonJS, as Node starts it in half
 * the time: its built-in modules are then taken as they are, without a view of all their exports.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

const OUT = 'dist';

const common = {
  bundle: true,
  write: false,
  outdir: OUT,
  format: 'cjs',
  platform: 'node',
  target: 'node22.18',
  minifySyntax: true,
  sourcemap: 'linked',
  // `import()` becomes a `require` that waits its turn.
  supported: { 'dynamic-import': false },
  loader: { '.sh': 'text', '.service': 'text', '.socket': 'text' },
  logLevel: 'warning',
};

/**
 * What is used of ssh2: the client and the reader of keys. Not its server, its agents for HTTP and its compression, which load
 * half of Node's own modules; nor its optional native parts, so that what is built for one version of Node runs with any.
 */
const leanSsh2 = {
  name: 'lean-ssh2',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^ssh2$/ }, () => ({ path: 'ssh2', namespace: 'lean' }));
    onLoad({ filter: /^ssh2$/, namespace: 'lean' }, () => ({
      resolveDir: '.',
      contents: `exports.Client = require('ssh2/lib/client.js');
exports.utils = { parseKey: require('ssh2/lib/protocol/keyParser.js').parseKey };`,
    }));
    onResolve({ filter: /^zlib$/ }, ({ path, importer }) =>
      importer.endsWith('ssh2/lib/protocol/zlib.js') ? { path, namespace: 'lean' } : undefined,
    );
    onLoad({ filter: /^zlib$/, namespace: 'lean' }, () => ({
      contents: 'exports.constants = {}; exports.createInflate = () => ({ _handle: {} });',
    }));
    onResolve({ filter: /^cpu-features$|\/sshcrypto\.node$/ }, ({ path }) => ({ path, namespace: 'missing' }));
    onLoad({ filter: /.*/, namespace: 'missing' }, ({ path }) => ({
      contents: `throw new Error('${path} is left out');`,
    }));
  },
};

/** What CycloneDX's library would use to write XML, if it were there; it looks, and does without. */
const leanCycloneDx = {
  name: 'lean-cyclonedx',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(libxmljs2|xmlbuilder2)$/ }, ({ path }) => ({ path, namespace: 'absent' }));
    onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => ({
      contents: `throw new Error('${path} is left out');`,
    }));
  },
};

/** Vendors' libraries stay beside the bundle: most runs use none of them. */
const VENDORS = ['@aws-sdk/*', '@azure/*', 'google-auth-library'];

/** `FILE?raw` is the text of the file, as vite has it. */
const rawText = {
  name: 'raw-text',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /\?raw$/ }, async ({ path, resolveDir, kind }) => {
      const found = await resolve(path.slice(0, -4), { resolveDir, kind });
      return { path: found.path, namespace: 'raw', errors: found.errors };
    });
    onLoad({ filter: /.*/, namespace: 'raw' }, async ({ path }) => ({
      contents: await readFile(path, 'utf8'),
      loader: 'text',
    }));
  },
};

const run = await build({
  ...common,
  entryPoints: { run: 'src/compose/run.ts' },
  plugins: [leanSsh2, leanCycloneDx, rawText],
  external: VENDORS,
});
const digest = createHash('sha256');
for (const { contents } of run.outputFiles) digest.update(contents);
const start = await build({
  ...common,
  entryPoints: ['src/main.ts'],
  define: { BUILD: JSON.stringify(digest.digest('hex').slice(0, 16)), 'import.meta.dirname': '__dirname' },
});
await mkdir(OUT, { recursive: true });
// The package is one of ES modules; what is in this folder is not.
const kind = { path: `${OUT}/package.json`, contents: '{ "type": "commonjs" }\n' };
// In one step each, as the program may be starting at this moment; main.js last, as its time is the build's.
for (const { path, contents } of [kind, ...run.outputFiles, ...start.outputFiles]) {
  await writeFile(`${path}.new`, contents);
  await rename(`${path}.new`, path);
}
