/** Bundles the program to dist/: one file for the start, one chunk for each thing that is loaded on demand. */
import { build } from 'esbuild';

await build({
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.18',
  minifySyntax: true,
  sourcemap: 'linked',
  chunkNames: 'chunk-[name]-[hash]',
  external: ['ssh2', 'cpu-features'],
  loader: { '.sh': 'text', '.service': 'text' },
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
