/** A service of the cloud by JSON documents, its failures as {@link IaasError}. */
import { IaasError, StratosError, type IaasFailure } from '../../model/errors.ts';
import { OpenstackError, type OpenstackFailure } from '../../openstack/openstack-error.ts';
import type { OpenstackService, ServiceRequest } from '../../openstack/service.ts';
import { unlessMissing } from '../cloud/unless-missing.ts';

export interface JsonRequest extends Pick<ServiceRequest, 'what' | 'method' | 'path' | 'signal'> {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly json?: unknown;
}

export interface JsonService {
  /** The answer's document; undefined for an empty one. @throws IaasError, InterruptedError */
  ask(request: JsonRequest): Promise<unknown>;
  /** The same; undefined where there is no such thing (404). @throws IaasError, InterruptedError */
  find(request: JsonRequest): Promise<unknown>;
}

export interface JsonServiceSettings {
  /** Name of the IaaS in the spec, for messages. */
  readonly iaas: string;
  /** Opened when it is first asked. */
  readonly open: () => Promise<OpenstackService>;
  readonly headers?: Readonly<Record<string, string>>;
  /** A command that helps whoever is not known. */
  readonly loginHint: string;
}

/** Makes the client; nothing is asked yet. */
export function jsonService({ iaas, open, headers, loginHint }: JsonServiceSettings): JsonService {
  async function ask({ what, method, path, query, json, signal }: JsonRequest): Promise<unknown> {
    try {
      const service = await open();
      const answer = await service.send({
        ...{ what, signal, path: `${path}${queryOf(query)}` },
        ...(method && { method }),
        headers: { accept: 'application/json', ...headers, ...(json !== undefined && JSON_BODY) },
        ...(json !== undefined && { body: JSON.stringify(json) }),
      });
      const text = await answer.text().catch((error: unknown) => {
        throw service.cut(what, error, signal);
      });
      return text.trim() === '' ? undefined : parse(iaas, what, text);
    } catch (error) {
      throw asIaasError(iaas, error, loginHint);
    }
  }
  return {
    ask,
    find: (request) => unlessMissing(ask(request)),
  };
}

const JSON_BODY = { 'content-type': 'application/json' };

/** What a failure of a service means to whoever asks an IaaS; what is in the way now may be gone when asked again. */
const FAILURES: Readonly<Record<OpenstackFailure, IaasFailure>> = {
  unauthorized: 'unauthorized',
  forbidden: 'unauthorized',
  'not-found': 'not-found',
  conflict: 'unavailable',
  quota: 'quota',
  'rate-limited': 'rate-limited',
  unavailable: 'unavailable',
  untrusted: 'invalid',
  invalid: 'invalid',
};

/** The error as adapters throw it; an interruption stays one. */
function asIaasError(iaas: string, error: unknown, loginHint: string): unknown {
  if (error instanceof OpenstackError) {
    const { retryAfter, message, cause } = error;
    const failure = FAILURES[error.failure];
    const hint = failure === 'unauthorized' ? loginHint : error.hint;
    return new IaasError(iaas, failure, message, {
      ...{ cause: cause ?? error },
      ...(hint !== undefined && { hint }),
      ...(retryAfter !== undefined && { retryAfter }),
    });
  }
  if (!(error instanceof StratosError) || error instanceof IaasError || error.code === 'INTERRUPTED') return error;
  // The cloud is not described, or not wholly.
  const { message, hint } = error;
  return new IaasError(iaas, 'invalid', message, { cause: error, ...(hint !== undefined && { hint }) });
}

function parse(iaas: string, what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new IaasError(iaas, 'unavailable', `Cannot ${what} as the answer is no JSON`, { cause });
  }
}

function queryOf(query: JsonRequest['query'] = {}): string {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) given.set(key, String(value));
  return given.size === 0 ? '' : `?${given.toString()}`;
}
