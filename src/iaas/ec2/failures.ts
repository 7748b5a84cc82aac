/** What EC2 and its SDK throw, as the failures that callers act on. */
import { networkTrouble } from '../../host/network-trouble.ts';
import { IaasError, StratosError, type IaasFailure } from '../../model/errors.ts';
import { millis, type Millis } from '../../model/quantity.ts';

/** The part of an error of the SDK that counts; errors of the network have no code of EC2's. */
interface SdkError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

/** Codes of EC2 ("Error codes for the Amazon EC2 API") that a caller acts on; what is not here is decided by the status. */
const CODES: Readonly<Record<string, IaasFailure>> = {
  'InvalidInstanceID.NotFound': 'not-found',
  'InvalidInstanceID.Malformed': 'not-found',
  AccessDenied: 'unauthorized',
  AccessDeniedException: 'unauthorized',
  AuthFailure: 'unauthorized',
  Blocked: 'unauthorized',
  ExpiredToken: 'unauthorized',
  ExpiredTokenException: 'unauthorized',
  IncompleteSignature: 'unauthorized',
  InvalidClientTokenId: 'unauthorized',
  MissingAuthenticationToken: 'unauthorized',
  OptInRequired: 'unauthorized',
  RequestExpired: 'unauthorized',
  SignatureDoesNotMatch: 'unauthorized',
  UnauthorizedOperation: 'unauthorized',
  UnrecognizedClientException: 'unauthorized',
  InsufficientCapacity: 'no-capacity',
  InsufficientFreeAddressesInSubnet: 'no-capacity',
  InsufficientHostCapacity: 'no-capacity',
  InsufficientInstanceCapacity: 'no-capacity',
  InsufficientReservedInstanceCapacity: 'no-capacity',
  SpotMaxPriceTooLow: 'no-capacity',
  RequestLimitExceeded: 'rate-limited',
  RequestThrottled: 'rate-limited',
  SlowDown: 'rate-limited',
  Throttling: 'rate-limited',
  ThrottlingException: 'rate-limited',
  TooManyRequestsException: 'rate-limited',
  IncorrectInstanceState: 'unavailable',
  InternalError: 'unavailable',
  InternalFailure: 'unavailable',
  ServerInternal: 'unavailable',
  ServiceUnavailable: 'unavailable',
  Unavailable: 'unavailable',
};

/** What a code of EC2 means to a caller. */
export function failureOf(code: string, status = 400, message = ''): IaasFailure {
  const known = Object.hasOwn(CODES, code) ? CODES[code] : undefined;
  if (known) return known;
  // InstanceLimitExceeded, VcpuLimitExceeded, MaxSpotInstanceCountExceeded, VolumeLimitExceeded and their like.
  if (/(Limit|Count|Quota)Exceeded$/.test(code)) return 'quota';
  // "Your requested instance type (…) is not supported in your requested Availability Zone (…)."
  if (code === 'Unsupported' && message.includes('Availability Zone')) return 'no-capacity';
  if (status === 429) return 'rate-limited';
  if (status === 401 || status === 403) return 'unauthorized';
  return status >= 500 ? 'unavailable' : 'invalid';
}

/** Who asks, for hints. */
export interface Asker {
  readonly iaas: string;
  readonly profile?: string | undefined;
  /** Which service of AWS's is asked. Undefined: EC2. */
  readonly service?: string;
}

/**
 * The failure of a request. `what` stands after "Cannot": `create VM web-1`. What is no failure of a request, such as an error of
 * this program, is returned as it is.
 */
export function translate(asker: Asker, what: string, error: unknown): unknown {
  const { iaas, service = 'EC2' } = asker;
  if (!(error instanceof Error) || error instanceof StratosError || error instanceof TypeError) return error;
  if (/^(Credentials|Token)ProviderError$/.test(error.name))
    return new IaasError(iaas, 'unauthorized', `Cannot ${what} as there are no credentials: ${clean(error.message)}`, {
      hint: aws(asker, 'configure'),
      cause: error,
    });
  if (error.message === 'Region is missing')
    return new IaasError(iaas, 'invalid', `Cannot ${what} as neither the spec nor AWS's configuration has a region`, {
      hint: aws(asker, 'configure set region eu-west-1'),
      cause: error,
    });
  const { $metadata, $response } = error as SdkError;
  const status = $metadata?.httpStatusCode;
  if (status === undefined) {
    const { lasting, words } = networkTrouble(error);
    return new IaasError(iaas, lasting ? 'invalid' : 'unavailable', `Cannot ${what} as ${words}`, { cause: error });
  }
  // What came is none of its answers.
  if (error.name === 'Error')
    return new IaasError(
      iaas,
      'unavailable',
      `Cannot ${what} as the answer (${String(status)}) is not one of ${service}`,
      {
        cause: error,
      },
    );
  const failure = failureOf(error.name, status, error.message);
  const retryAfter = secondsOf($response?.headers?.['retry-after']);
  return new IaasError(iaas, failure, `Cannot ${what} as ${service} answers ${error.name}: ${clean(error.message)}`, {
    cause: error,
    ...(failure === 'unauthorized' && { hint: aws(asker, 'sts get-caller-identity') }),
    ...(failure === 'quota' && { hint: aws(asker, 'service-quotas list-service-quotas --service-code ec2') }),
    ...(retryAfter !== undefined && { retryAfter }),
  });
}

/** EC2's own code of a failure; undefined where it is none of EC2's. */
export function ec2CodeOf(error: unknown): string | undefined {
  return error instanceof IaasError && error.cause instanceof Error ? error.cause.name : undefined;
}

/** Whether it is that failure. */
export function failureIs(error: unknown, failure: IaasFailure): boolean {
  return error instanceof IaasError && error.failure === failure;
}

/** Why a machine ended by itself, from `StateReason`: `Server.InsufficientInstanceCapacity`, `Client.VolumeLimitExceeded`. */
export function endFailure(code = ''): IaasFailure {
  const [side, reason = ''] = code.split('.', 2);
  if (reason.startsWith('SpotInstance')) return 'no-capacity';
  return failureOf(reason, side === 'Server' ? 500 : 400);
}

function aws({ profile }: Asker, line: string): string {
  return `aws ${line}${profile === undefined ? '' : ` --profile ${profile}`}`;
}

/** Words of EC2 that may stand in a message: no control characters, no page of base 64. */
function clean(words: string): string {
  return words
    .replace(/\s*Encoded authorization failure message:.*$/s, '')
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .trim()
    .slice(0, 300);
}

function secondsOf(header: string | undefined): Millis | undefined {
  return header !== undefined && /^\d+$/.test(header) ? millis(Number(header) * 1000) : undefined;
}
