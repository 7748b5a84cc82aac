import { expect, test } from 'vitest';
import { configureStep } from '../../../src/gateway/configure.ts';
import { GATEWAY_UNIT } from '../../../src/gateway/gateway-unit.ts';
import { gatewayProbeStep } from '../../../src/gateway/probe.ts';
import { GATEWAY_SOCKET, LAYOUT, UNITS } from '../../../src/lxc/layout.ts';

test('configureStep sends the configuration by standard input, never as an argument', () => {
  const step = configureStep({ config: '# peers:\nglobal\n', digest: 'd1' });
  expect(step.stdin).toBe('# peers:\nglobal\n');
  expect(step.args).toEqual(['d1', 'serve', LAYOUT.gateway, LAYOUT.run, UNITS.gateway]);
});

test.each(['', '# peers: 10.0.0.2\n'])('configureStep stops a gateway that has nothing to serve: %j', (config) => {
  expect(configureStep({ config, digest: 'd1' }).args[1]).toBe('stop');
});

test('GATEWAY_UNIT and the scripts agree on where things are', () => {
  expect(GATEWAY_UNIT.name).toBe(UNITS.gateway);
  expect(GATEWAY_UNIT.text).toContain(`-f ${LAYOUT.gateway}/haproxy.cfg -p ${LAYOUT.run}/gateway.pid`);
  expect(GATEWAY_UNIT.text).toContain(`ConditionPathExists=${LAYOUT.gateway}/serving`);
  expect(GATEWAY_UNIT.text).toContain('RuntimeDirectory=stratos\n');
  expect(GATEWAY_SOCKET).toBe(`${LAYOUT.run}/gateway.sock`);
  expect(configureStep({ config: '', digest: 'd' }).script.text).toContain('$run/gateway.pid');
  expect(gatewayProbeStep({ traffic: true }).script.text).toContain('$2/gateway.sock');
});
