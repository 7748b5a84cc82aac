/** Which keys are offered to a server, in order: the endpoint's own, the agent's, the project's. */
import type { AnyAuthMethod, AuthHandlerMiddleware } from 'ssh2';
import type { Endpoint } from '../model/endpoint.ts';
import type { KeyRing } from './key-ring.ts';

export interface Authentication {
  readonly handler: AuthHandlerMiddleware;
  /** What has been tried and why it did not help, for the error. */
  tried(): string;
  /** A command that helps with the last thing tried; undefined when nothing better is known than for any refusal. */
  hint(): string | undefined;
}

export interface AuthenticationRequest {
  readonly endpoint: Endpoint;
  readonly keys: KeyRing;
  /** Path of the agent's socket. */
  readonly agent: string | undefined;
  /** The project's own key. */
  readonly identityFile: string | undefined;
  /** Wraps the waiting for a person, whose time shall not count as the connection's. */
  readonly patiently: <T>(wait: Promise<T>) => Promise<T>;
}

/** Makes the handler of one connection. A key is read (and its passphrase asked for) only when its turn comes. */
export function authentication(request: AuthenticationRequest): Authentication {
  const { endpoint, keys, agent, identityFile, patiently } = request;
  const username = endpoint.user;
  const files = new Set([endpoint.identityFile, identityFile].filter((file) => file !== undefined));
  const own = endpoint.identityFile;
  const queue: (() => Promise<AnyAuthMethod | undefined>)[] = [];
  const notes: string[] = [];
  let hint: string | undefined;

  const offerKey = (file: string) => async (): Promise<AnyAuthMethod | undefined> => {
    const loaded = await patiently(keys.load(file));
    if (loaded.status === 'unusable') {
      notes.push(loaded.why);
      hint = loaded.hint ?? hint;
      return undefined;
    }
    notes.push(`key ${file} is refused`);
    return { type: 'publickey', username, key: loaded.key };
  };
  const offerAgent = (socket: string) => (): Promise<AnyAuthMethod> => {
    notes.push(`no key of the agent at ${socket} is accepted`);
    return Promise.resolve({ type: 'agent', username, agent: socket });
  };
  if (own !== undefined) queue.push(offerKey(own));
  if (agent) queue.push(offerAgent(agent));
  for (const file of files) if (file !== own) queue.push(offerKey(file));

  const next = async (): Promise<AnyAuthMethod | false> => {
    for (let offer = queue.shift(); offer; offer = queue.shift()) {
      const method = await offer();
      if (method) return method;
    }
    return false;
  };
  return {
    handler: (left, _partial, done) => {
      const open = !Array.isArray(left) || left.includes('publickey');
      if (!open) notes.push(`it accepts only ${left.join(', ')}`);
      const chosen = open ? next() : Promise.resolve(false as const);
      // ssh2 takes `false` for "nothing left", which its types do not know.
      const answer = done as (method: AnyAuthMethod | false) => void;
      chosen.then(answer, () => {
        answer(false);
      });
    },
    tried: () => (notes.length > 0 ? notes.join('; ') : 'there is no key to offer'),
    hint: () => hint,
  };
}
