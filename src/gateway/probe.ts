/** Observing the gateway of a VM. */
import { LAYOUT } from '../lxc/layout.ts';
import type { ObservedGateway } from '../model/observation.ts';
import { script, type ScriptStep } from '../shell/command.ts';
import text from './scripts/probe.sh';
import { parseStatistics } from './statistics.ts';
import { isWakeDoor, trafficOf } from './traffic.ts';

const PROBE = { name: 'probe_gateway', text };

/**
 * Reads the gateway's files, whether it runs and, when `traffic` is asked for, HAProxy's servers and counters. Changes nothing; for
 * {@link parseGatewayProbe}.
 */
export function gatewayProbeStep({ traffic }: { readonly traffic: boolean }): ScriptStep {
  return script(PROBE, 'observe gateway', [LAYOUT.gateway, LAYOUT.run, traffic ? 'traffic' : 'files']);
}

/**
 * What {@link gatewayProbeStep} printed. A gateway that does not answer is not running. A server counts as up while requests
 * are sent to it: neither when it is down nor when somebody took it out by hand. The wake door of a sleeper is no server of its
 * own; what went through it is the process's traffic.
 */
export function parseGatewayProbe(stdout: string): ObservedGateway {
  const [first = '', ...rest] = stdout.split('\n');
  const [, configDigest = '-', loadedDigest = '-'] = /^gateway (\S+) (\S+)$/.exec(first) ?? [];
  const header = rest.findIndex((line) => line.startsWith('#'));
  const rows = header < 0 ? [] : parseStatistics(rest.slice(header).join('\n'));
  const worker = rest.map((line) => /^worker (\d+\.\d+)$/.exec(line)?.[1]).find((id) => id !== undefined);
  return {
    running: header >= 0 || rest.includes('running'),
    ...(configDigest === '-' ? {} : { configDigest }),
    ...(loadedDigest === '-' ? {} : { loadedDigest }),
    servers: Object.fromEntries(
      rows.flatMap((row) => (row.kind === 'server' && !isWakeDoor(row) ? [[row.name, row.up] as const] : [])),
    ),
    // A table without counters is not ours, or cut before its first row.
    ...(rows.every((row) => row.sessions === undefined)
      ? {}
      : { traffic: { ...(worker === undefined ? {} : { worker }), ...trafficOf(rows, leavingIn(rest)) } }),
  };
}

/** Sessions that workers hold which were replaced, by server. */
function leavingIn(lines: readonly string[]): ReadonlyMap<string, number> {
  const leaving = new Map<string, number>();
  for (const line of lines) {
    const [, server, sessions] = /^leaving (\S+) (\d{1,9})$/.exec(line) ?? [];
    if (server !== undefined) leaving.set(server, (leaving.get(server) ?? 0) + Number(sessions));
  }
  return leaving;
}
