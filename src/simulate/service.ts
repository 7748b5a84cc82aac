/** How processes serve requests: a fluid model with a queue, advanced step by step. */
import type { Millis } from '../model/quantity.ts';

/** What one process can do. */
export interface ServiceModel {
  /** Time that a request takes when nothing else is asked. */
  readonly serviceTime: Millis;
  /** Requests that one process serves side by side; it answers `concurrency ÷ serviceTime` a second at most. */
  readonly concurrency: number;
  /** A request that would wait longer is refused. */
  readonly patience: Millis;
  /** A request that takes longer than this, or is refused, violates the objective. */
  readonly objective: Millis;
}

/** The requests of one subscription at one moment, and what one step made of them. Reused from step to step. */
export interface Traffic {
  /** Requests that wait. */
  backlog: number;
  /** Of the last step: requests that came, were answered late, and were refused. */
  arrived: number;
  slow: number;
  refused: number;
  /** At the end of the step. */
  inFlight: number;
  responseTime: number;
  /** Share of the processes' capacity that was used. */
  utilization: number;
}

export const newTraffic = (): Traffic => ({
  backlog: 0,
  arrived: 0,
  slow: 0,
  refused: 0,
  inFlight: 0,
  responseTime: 0,
  utilization: 0,
});

/** Near saturation the stationary formula grows without bound, which no passing moment has time for. */
const NEAR_FULL = 0.98;

/**
 * Advances by `seconds` with `rate` requests a second on `count` processes. `delayed`: share of the step in which nothing
 * answered yet as a process was being woken; `wait`: how long those requests waited, in ms.
 *
 * Below capacity a request waits as in an M/M/c queue by Sakasegawa's approximation (1977): with c servers used to ρ,
 * Wq = S · ρ^(√(2(c+1)) − 1) ÷ (c(1 − ρ)), and P(wait > t) = ρ^(√(2(c+1)) − 1) · e^(−(1 − ρ) c t ÷ S). Above, the excess is
 * a backlog that drains at capacity; what would wait longer than patience is refused. In flight is throughput times time
 * (Little's law), and the backlog.
 */
export function serve(
  traffic: Traffic,
  model: ServiceModel,
  input: {
    readonly rate: number;
    readonly count: number;
    readonly seconds: number;
    readonly delayed: number;
    readonly wait: number;
    /** With a count of 0: one is being woken, and requests wait for it. */
    readonly waking: boolean;
  },
): void {
  const { rate, count, seconds } = input;
  const arrived = rate * seconds;
  traffic.arrived = arrived;
  if (count === 0) {
    if (input.waking) holdAll(traffic);
    else refuseAll(traffic);
    return;
  }
  const servers = count * model.concurrency;
  const capacity = (servers * 1000) / model.serviceTime;
  const work = traffic.backlog + arrived;
  const served = Math.min(work, capacity * seconds);
  const excess = work - served;
  const held = Math.min(excess, (capacity * model.patience) / 1000);
  const refused = excess - held;
  const queued = ((traffic.backlog + held) / 2 / capacity) * 1000;
  const busy = Math.min(NEAR_FULL, rate / capacity);
  const mustWait = busy <= 0 ? 0 : busy ** (Math.sqrt(2 * (servers + 1)) - 1);
  const meanWait = (mustWait * model.serviceTime) / (servers * (1 - busy));
  const margin = model.objective - model.serviceTime - queued;
  const late = margin <= 0 ? 1 : mustWait * Math.exp((-(1 - busy) * servers * margin) / model.serviceTime);
  const woken = input.wait + model.serviceTime > model.objective ? input.delayed : 0;
  traffic.backlog = held;
  traffic.refused = refused;
  traffic.slow = Math.max(0, arrived - refused) * Math.min(1, late + woken);
  traffic.responseTime = model.serviceTime + meanWait + queued + input.delayed * input.wait;
  traffic.inFlight = ((served / seconds) * (model.serviceTime + meanWait)) / 1000 + held;
  traffic.utilization = served / (capacity * seconds);
}

/** One is being woken, and takes longer than a step: all that comes waits for it. */
function holdAll(traffic: Traffic): void {
  traffic.backlog += traffic.arrived;
  traffic.refused = 0;
  traffic.slow = traffic.arrived;
  traffic.inFlight = traffic.backlog;
  traffic.responseTime = 0;
  traffic.utilization = 0;
}

/** Nothing is there to answer: what waits and what comes is refused. */
function refuseAll(traffic: Traffic): void {
  traffic.refused = traffic.arrived + traffic.backlog;
  traffic.backlog = 0;
  traffic.slow = 0;
  traffic.inFlight = 0;
  traffic.responseTime = 0;
  traffic.utilization = 0;
}
