/** What one process can do, where nobody says: as much as its policy's target supposes. */
import { millis, type Millis } from '../model/quantity.ts';
import type { ScalingPolicy } from '../model/policy.ts';
import type { ServiceModel } from './service.ts';

export interface ServiceSettings {
  readonly serviceTime?: Millis;
  readonly concurrency?: number;
  readonly objective?: Millis;
}

/** A target is taken for 70 % of what a process can do (Knative's target utilisation). */
const UTILISATION = 0.7;
/** `timeout queue` of the gateway. */
const PATIENCE = millis(10_000);

/**
 * Side by side a process serves what its policy's target of requests in flight, or else a second, is 70 % of; without such a target 10.
 * A request takes 100 ms. The objective is the policy's target of response time, else 500 ms.
 */
export function serviceModel({ target }: ScalingPolicy, settings: ServiceSettings = {}): ServiceModel {
  const serviceTime = settings.serviceTime ?? millis(100);
  const { requestsInFlight, requestsPerSecond, responseTime } = target;
  const supposed =
    requestsInFlight === undefined
      ? requestsPerSecond === undefined
        ? 10
        : (requestsPerSecond / UTILISATION) * (serviceTime / 1000)
      : requestsInFlight / UTILISATION;
  return {
    serviceTime,
    concurrency: settings.concurrency ?? Math.max(1, Math.round(supposed)),
    patience: PATIENCE,
    objective: settings.objective ?? millis(responseTime ?? 500),
  };
}

/** Requests a second that one process answers at most. */
export function capacityOf({ concurrency, serviceTime }: ServiceModel): number {
  return (concurrency * 1000) / serviceTime;
}
