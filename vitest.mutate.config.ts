import { defineConfig } from 'vitest/config';

/** What `npm run mutate` runs against each mutant. */
export default defineConfig({
  test: { include: ['test/unit/policy/**/*.test.ts'], exclude: ['**/*laws.test.ts'] },
});
