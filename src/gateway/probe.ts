/** Observing the gateway of a VM. */
import { LAYOUT } from '../lxc/layout.ts';
import type { ObservedGateway } from '../model/observation.ts';
import { script, type ScriptStep } from '../shell/command.ts';
import text from './scripts/probe.sh';
import { parseStatistics } from './statistics.ts';

const PROBE = { name: 'probe_gateway', text };

/** Reads the gateway's files and asks HAProxy about its servers. Changes nothing; for {@link parseGatewayProbe}. */
export function gatewayProbeStep(): ScriptStep {
  return script(PROBE, 'observe gateway', [LAYOUT.gateway, LAYOUT.run]);
}

/**
 * What {@link gatewayProbeStep} printed. A gateway that does not answer is not running. A server counts as up while requests
 * are sent to it: neither when it is down nor when somebody took it out by hand.
 */
export function parseGatewayProbe(stdout: string): ObservedGateway {
  const [first = '', ...rest] = stdout.split('\n');
  const [, configDigest = '-', loadedDigest = '-'] = /^gateway (\S+) (\S+)$/.exec(first) ?? [];
  const csv = rest.join('\n');
  return {
    running: csv.startsWith('#'),
    ...(configDigest === '-' ? {} : { configDigest }),
    ...(loadedDigest === '-' ? {} : { loadedDigest }),
    servers: Object.fromEntries(
      parseStatistics(csv).flatMap((row) => (row.kind === 'server' ? [[row.name, row.up] as const] : [])),
    ),
  };
}
