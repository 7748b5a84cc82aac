/** Adds up the suites' JSON reports and prints the counts as the last line; a suite that left no report failed. */
import { readFileSync } from 'node:fs';

const [gate, ...reports] = process.argv.slice(2);
let passed = 0;
let failed = 0;
let skipped = 0;
const fail = (what) => {
  failed += 1;
  console.log(`failed: ${what}`);
};
if (gate !== '0') fail('the gate (npm run check)');
for (const file of reports) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    fail(`suite without a report: ${file}`);
    continue;
  }
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  for (const suite of report.testResults) {
    if (suite.status === 'failed' && suite.assertionResults.every((test) => test.status !== 'failed'))
      fail(`${suite.name}: ${suite.message}`);
    for (const test of suite.assertionResults) {
      if (test.status === 'failed') console.log(`failed: ${test.fullName}`);
      if (test.status === 'passed' && test.failureMessages?.length > 0)
        console.log(`passed at the second try: ${test.fullName}\n  ${test.failureMessages[0].split('\n')[0]}`);
    }
  }
  if (report.numTotalTests === 0) fail(`suite with no test: ${file}`);
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed === 0 ? 0 : 1;
