/** What a gateway's VM is asked of machines that are processes: it stands where their requests come from, and nobody is inside of them. */
import type { Millis } from '../model/quantity.ts';
import { GATEWAY_SOCKET, LAYOUT } from '../lxc/layout.ts';
import { command, script, type CommandStep, type ScriptStep } from '../shell/command.ts';
import { nameWord } from './haproxy-words.ts';
import answers from './scripts/answers.sh';
import quiet from './scripts/quiet.sh';

/** Where a process answers for its health. */
export interface HealthAddress {
  readonly address: string;
  readonly port: number;
  /** Undefined: that the port accepts connections is enough. */
  readonly path?: string;
  /** Of one try. */
  readonly timeout: Millis;
}

/** Waits up to `startup` until it answers 2xx or 3xx, or accepts connections. Status 1 when it does not, with the reason on standard error. */
export function answersStep({ address, port, path, timeout }: HealthAddress, startup: Millis): ScriptStep {
  const args = [address, port, path ?? '', (timeout / 1000).toFixed(3), Math.ceil(startup / 1000)];
  return script({ name: 'answers', text: answers }, `wait for ${address}`, args);
}

/**
 * Waits up to `longest` until the gateway has no connection to these; prints the addresses to which it still has one. With `leaving` it also
 * waits for workers that were replaced: a client that kept its connection to one is still led to what has left.
 */
export function quietStep(addresses: readonly string[], longest: Millis, leaving = false): ScriptStep {
  const args = [Math.ceil(longest / 1000), leaving ? LAYOUT.run : '', ...addresses];
  return script({ name: 'quiet', text: quiet }, 'wait for open connections', args);
}

/** Tells the gateway that a process is up before its next check would: it was asked from there already. */
export function upStep(alias: string, process: string): CommandStep {
  const argv = ['socat', '-t', '5', '-', `UNIX-CONNECT:${GATEWAY_SOCKET}`] as const;
  return command('tell the gateway', argv, { stdin: `set server ${nameWord(alias)}/${nameWord(process)} health up\n` });
}
