/** Import directions of docs/architecture.md: a layer sees only the layers to its left. */
const order = [
  ['model'],
  ['policy', 'plan', 'signals', 'shell', 'concurrency'],
  ['simulate'],
  ['lxc', 'gateway'],
  ['runtime'],
  ['host'],
  ['openstack'],
  ['ssh', 'iaas', 'store', 'inventory'],
  ['reconcile'],
  ['report'],
  ['commands'],
];
const forbidden = [
  { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
];
order.forEach((layer, i) => {
  const later = order.slice(i + 1).flat();
  if (later.length > 0)
    forbidden.push({
      name: `direction-${layer.join('-')}`,
      severity: 'error',
      from: { path: `^src/(${layer.join('|')})/` },
      to: { path: `^src/(${later.join('|')}|main\\.ts)` },
    });
});
const pure = '^src/(model|policy|plan|signals|simulate|shell|lxc|gateway|runtime)/';
forbidden.push(
  { name: 'model-imports-nothing', severity: 'error', from: { path: '^src/model/' }, to: { pathNot: '^src/model/' } },
  {
    name: 'pure-layers-have-no-io',
    comment:
      'node:crypto and croner are allowed: a hash, and the times of a cron expression, are functions of their input',
    severity: 'error',
    from: { path: pure },
    to: { dependencyTypes: ['core', 'npm'], pathNot: '^crypto$|^node:crypto$|node_modules/croner/' },
  },
  ...[
    ['commander', '^src/(commands/|main\\.ts)'],
    ['ssh2', '^src/ssh/'],
    ['execa', '^src/(host|ssh|iaas|store)/'],
    ['undici', '^src/(host|store|iaas)/'],
    ['tar-stream', '^src/(host|store)/'],
    ['@cyclonedx', '^src/store/'],
    ['(ora|chalk)', '^src/report/'],
    ['(yaml|ajv)', '^src/inventory/'],
    ['croner', '^src/(policy|inventory)/'],
    ['google-auth-library', '^src/iaas/gce/'],
    ['@(aws-sdk|smithy)', '^src/iaas/ec2/'],
    ['@azure', '^src/iaas/azure/'],
  ].map(([pkg, home]) => ({
    name: `one-door-${pkg}`,
    severity: 'error',
    from: { path: '^src/', pathNot: home },
    to: { path: `node_modules/${pkg}/` },
  })),
);
module.exports = {
  forbidden,
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
