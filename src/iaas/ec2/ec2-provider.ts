/** Amazon EC2: instances by a launch template or by what the spec says, on demand or spot. */
import { IaasError } from '../../model/errors.ts';
import { millis } from '../../model/quantity.ts';
import type { Ec2IaasSpec } from '../../model/iaas/ec2.ts';
import { cloudProvider } from '../cloud/cloud-provider.ts';
import type { CloudCalls } from '../cloud/lifecycle.ts';
import { remembered } from '../../concurrency/remembered.ts';
import { poll } from '../cloud/poll.ts';
import type { IaasContext, IaasProvider } from '../provider.ts';
import { openEc2 } from './api.ts';
import { bakeImage } from './bake.ts';
import { endFailure, failureIs } from './failures.ts';
import { findImage, guestImage } from './image.ts';
import { chooseType, listTypes } from './instance-types.ts';
import { instances } from './instances.ts';
import { launch } from './launch.ts';
import { isEnding, machineOf, stateOf } from './machine.ts';
import { findPlaces } from './network.ts';
import { openQuotas } from './service-quotas.ts';
import { surveyEc2 } from './survey.ts';

/** Between two looks at a machine that is on its way. */
const INTERVAL = millis(500);

/** The adapter of kind `ec2`. */
export function ec2Provider(spec: Ec2IaasSpec, { lineage, env }: IaasContext): IaasProvider {
  const { name, timeout } = spec;
  const api = openEc2(spec, { env });
  const seen = instances(api, name, lineage);
  const image = remembered(async () => findImage(api, spec));
  const places = remembered(async () => findPlaces(api, spec));

  const calls: CloudCalls = {
    async list(vm, signal) {
      const found = await (vm === undefined ? seen.all(signal) : seen.of(vm, signal));
      return found.flatMap((instance) => machineOf(spec, lineage, instance) ?? []);
    },
    async find(id, signal) {
      const instance = await seen.one(id, signal);
      return instance && machineOf(spec, lineage, instance);
    },
    async make(request, first) {
      const { size } = request;
      const ground = {
        image: await (first.image === undefined ? image() : guestImage(api, spec, first.image)),
        places: await places(),
      };
      const type = size.name ?? (await chooseType(api, spec, ground.image.architecture, size));
      return launch({ api, spec, seen, lineage }, request, first, { ...ground, type });
    },
    async start(id, signal) {
      const halted = async (): Promise<true | undefined> => {
        const instance = await seen.one(id, signal);
        return instance && stateOf(instance) === 'stopping' ? undefined : true;
      };
      await poll(halted, { timeout, interval: INTERVAL, signal });
      await api.ask(
        `start machine ${id}`,
        async (ec2, options) => ec2.startInstances({ InstanceIds: [id] }, options),
        signal,
      );
    },
    async stop(id) {
      if (spec.market === 'spot')
        throw new IaasError(name, 'invalid', `Cannot stop machine ${id} as a spot machine can only be deleted`);
      await api.ask(`stop machine ${id}`, async (ec2) => ec2.stopInstances({ InstanceIds: [id] }));
    },
    async remove(id) {
      /** Whether EC2 knows the machine and ends it; what was just made it may not know yet. */
      const ended = async (): Promise<true | undefined> => {
        try {
          await api.ask(`delete machine ${id}`, async (ec2) => ec2.terminateInstances({ InstanceIds: [id] }));
        } catch (error) {
          if (!failureIs(error, 'not-found')) throw error;
          if (seen.isFresh(id)) return undefined;
        }
        return true;
      };
      if (await poll(ended, { timeout, interval: INTERVAL })) seen.forget(id);
    },
    async faultOf(id, vm) {
      const instance = await seen.one(id);
      if (!instance || !isEnding(instance)) return undefined;
      const { Code: code, Message: why = 'EC2 gives no reason' } = instance.StateReason ?? {};
      const message = `Cannot use VM ${vm} as its machine ${id} has ended: ${why}`;
      return { error: new IaasError(name, endFailure(code), message), neverRan: true };
    },
  };

  return cloudProvider(spec, lineage, {
    calls,
    interval: INTERVAL,
    capabilities: { stop: spec.market !== 'spot' },
    async check() {
      await seen.all();
    },
    survey: async (sizes) => surveyEc2({ api, spec, image, places, quota: openQuotas(spec, { env }) }, sizes),
    sizes: async () => listTypes(api, spec, (await image()).architecture),
    bake: ({ id }, label, signal) => bakeImage(api, spec, lineage, { id, label, signal }),
  });
}
