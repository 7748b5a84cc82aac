import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/model/quantity.ts';
import { capacityOf, serviceModel } from '../../../src/simulate/service-model.ts';
import { aSubscription } from '../../support/builders.ts';

const of = (target: Record<string, number>, settings = {}) =>
  serviceModel(aSubscription('shop', { target }).scaling, settings);

describe('serviceModel', () => {
  it('takes the target for 70 % of what a process can do', () => {
    expect(of({ requestsInFlight: 7 })).toEqual({
      serviceTime: 100,
      concurrency: 10,
      patience: 10_000,
      objective: 500,
    });
    expect(of({ requestsInFlight: 20 }).concurrency).toBe(29);
    expect(capacityOf(of({ requestsPerSecond: 70 }))).toBe(100);
    expect(of({ cpu: 0.7, responseTime: 300 })).toMatchObject({ concurrency: 10, objective: 300 });
  });

  it('is what one says', () => {
    const settings = { serviceTime: millis(50), concurrency: 4, objective: millis(80) };
    expect(of({ requestsInFlight: 7 }, settings)).toMatchObject(settings);
    expect(capacityOf(of({}, settings))).toBe(80);
  });
});
