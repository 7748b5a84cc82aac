/** What GCE says when it refuses, of a request or of an operation that went on after it. */
import type { IaasFailure } from '../../model/errors.ts';
import type { Explanation } from '../http/api.ts';

/** Reasons of errors of requests (camel case), and codes of errors of operations (upper case). */
const FAILURES: Readonly<Record<string, IaasFailure>> = {
  quotaExceeded: 'quota',
  QUOTA_EXCEEDED: 'quota',
  LIMIT_EXCEEDED: 'quota',
  ZONE_RESOURCE_POOL_EXHAUSTED: 'no-capacity',
  ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS: 'no-capacity',
  REGION_RESOURCE_POOL_EXHAUSTED: 'no-capacity',
  RESOURCE_POOL_EXHAUSTED: 'no-capacity',
  STOCKOUT: 'no-capacity',
  stockout: 'no-capacity',
  IP_SPACE_EXHAUSTED: 'no-capacity',
  rateLimitExceeded: 'rate-limited',
  userRateLimitExceeded: 'rate-limited',
  dailyLimitExceeded: 'rate-limited',
  RATE_LIMIT_EXCEEDED: 'rate-limited',
  RESOURCE_OPERATION_RATE_EXCEEDED: 'rate-limited',
  accessNotConfigured: 'unauthorized',
  forbidden: 'unauthorized',
  PERMISSIONS_ERROR: 'unauthorized',
  authError: 'unauthorized',
  notFound: 'not-found',
  RESOURCE_NOT_FOUND: 'not-found',
  resourceNotReady: 'unavailable',
  RESOURCE_NOT_READY: 'unavailable',
  resourceInUseByAnotherResource: 'unavailable',
  RESOURCE_IN_USE_BY_ANOTHER_RESOURCE: 'unavailable',
  backendError: 'unavailable',
  internalError: 'unavailable',
  INTERNAL_ERROR: 'unavailable',
};

/** One error of an operation that ended. */
export interface OperationProblem {
  readonly code?: string;
  readonly message?: string;
}

/** Reads the document that stands beside a status of 400 and above. */
export function explainGce(_status: number, body: unknown): Explanation {
  const { error } = (body ?? {}) as { readonly error?: ErrorDocument };
  const reason = error?.errors?.[0]?.reason;
  return { failure: reason === undefined ? undefined : FAILURES[reason], words: error?.message };
}

interface ErrorDocument {
  readonly message?: string;
  readonly errors?: readonly { readonly reason?: string }[];
}

/** Reads the errors of an operation; a code that is not known here is decided by none but a person. */
export function explainOperation(problems: readonly OperationProblem[]): Explanation {
  const known = problems.find(({ code = '' }) => FAILURES[code] !== undefined) ?? problems[0];
  return {
    failure: FAILURES[known?.code ?? ''] ?? 'invalid',
    words: [known?.code, known?.message].filter((part) => part !== undefined).join(': '),
  };
}
