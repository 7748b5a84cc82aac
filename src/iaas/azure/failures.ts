/** What Azure says when it refuses, of a request or of an operation that went on after it. */
import { networkTrouble } from '../../host/network-trouble.ts';
import type { IaasFailure } from '../../model/errors.ts';
import { millis, type Millis } from '../../model/quantity.ts';
import { failureOf } from '../http/api.ts';

/** Error codes of the resource manager, of compute and of network. */
const FAILURES: Readonly<Record<string, IaasFailure>> = {
  SkuNotAvailable: 'no-capacity',
  AllocationFailed: 'no-capacity',
  ZonalAllocationFailed: 'no-capacity',
  OverconstrainedAllocationRequest: 'no-capacity',
  OverconstrainedZonalAllocationRequest: 'no-capacity',
  SubnetIsFull: 'no-capacity',
  QuotaExceeded: 'quota',
  PublicIPCountLimitReached: 'quota',
  AuthorizationFailed: 'unauthorized',
  LinkedAuthorizationFailed: 'unauthorized',
  InvalidAuthenticationToken: 'unauthorized',
  ExpiredAuthenticationToken: 'unauthorized',
  SubscriptionNotFound: 'unauthorized',
  TooManyRequests: 'rate-limited',
  SubscriptionRequestsThrottled: 'rate-limited',
  ResourceNotFound: 'not-found',
  ResourceGroupNotFound: 'not-found',
  NotFound: 'not-found',
  RetryableError: 'unavailable',
  AnotherOperationInProgress: 'unavailable',
  InternalExecutionError: 'unavailable',
  OSProvisioningTimedOut: 'unavailable',
};

export interface AzureTrouble {
  readonly failure: IaasFailure;
  /** After "Cannot … as". */
  readonly words: string;
  readonly retryAfter?: Millis | undefined;
}

/** Reads what the SDK throws; undefined for what is no answer of Azure's and no failure to reach it. */
export function readTrouble(error: unknown): AzureTrouble | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, message } = error;
  // Of @azure/identity: nothing to log in with, or what there is does not help.
  if (/Authentication|CredentialUnavailable/.test(name))
    return {
      failure: UNREACHED.test(message) ? 'unavailable' : 'unauthorized',
      words: `there is no login to Azure: ${firstLine(message)}`,
    };
  // Operations that fail after their request tell their code in words alone.
  const [, late] = /^The long-running operation has failed\. (\w+)\. /.exec(message) ?? [];
  if (late !== undefined)
    return { failure: byCode(late, message) ?? 'invalid', words: `Azure says: ${firstLine(message)}` };
  if (name !== 'RestError') return undefined;
  const { code, statusCode: status, response } = error as Partial<RestFailure>;
  if (status === undefined) {
    const { lasting, words } = networkTrouble(error);
    return { failure: lasting ? 'invalid' : 'unavailable', words };
  }
  const failure = status === 429 ? 'rate-limited' : (byCode(code, message) ?? failureOf(status));
  const wait = Number(response?.headers.get('retry-after') ?? Number.NaN);
  return {
    failure,
    words: `Azure answers ${String(status)}${code === undefined ? '' : ` ${code}`}: ${firstLine(message)}`,
    retryAfter: Number.isNaN(wait) ? undefined : millis(wait * 1000),
  };
}

/** Reads the status of a machine that could not be made: `ProvisioningState/failed/AllocationFailed`. */
export function readStatus({
  code = '',
  message = '',
}: {
  readonly code?: string;
  readonly message?: string;
}): AzureTrouble {
  const cause = code.slice(code.lastIndexOf('/') + 1);
  return { failure: byCode(cause, message) ?? 'unavailable', words: `Azure says ${cause}: ${firstLine(message)}` };
}

/** What the login says where it could not ask. */
const UNREACHED = /network_error|endpoints_resolution_error/;

/** As much of the SDK's `RestError` as is read. */
interface RestFailure {
  readonly code: string;
  readonly statusCode: number;
  readonly response: { readonly headers: { get(name: string): string | undefined } };
}

function byCode(code: string | undefined, message: string): IaasFailure | undefined {
  // One code for all that may not be now: of quotas only its words tell.
  if (code === 'OperationNotAllowed') return /quota|exceed/i.test(message) ? 'quota' : 'invalid';
  return code === undefined ? undefined : FAILURES[code];
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, 300);
}
