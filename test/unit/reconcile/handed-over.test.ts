import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/model/secret.ts';
import type { Spec } from '../../../src/model/spec.ts';
import { environmentOf } from '../../../src/reconcile/environment.ts';
import { handedOver } from '../../../src/reconcile/handed-over.ts';
import { aCartridge, aSpec, type SubscriptionOptions } from '../../support/builders.ts';

const specOf = (shop: SubscriptionOptions): Spec =>
  aSpec({
    partitions: { web: { network: '10.70.0.0/24' }, data: {} },
    cartridges: {
      php: { env: { MODE: { kind: 'value', value: 'test' } } },
      sql: {
        partition: 'data',
        ports: [{ name: 'sql', port: 5432, protocol: 'tcp' }],
        env: { NAME: { kind: 'value', value: 'main' }, PASSWORD: { kind: 'env', variable: 'PG' } },
        outputs: {
          user: { kind: 'value', value: 'app' },
          'data-base': { kind: 'own', variable: 'NAME' },
          password: { kind: 'own', variable: 'PASSWORD' },
        },
      },
    },
    subscriptions: {
      'shop-db': { cartridge: 'sql', port: 5433, env: { NAME: { kind: 'value', value: 'shop' } } },
      quiet: { cartridge: 'sql' },
      api: { cartridge: 'php', port: 8080 },
      shop,
    },
  });
const shopOf = (spec: Spec) => spec.subscriptions.shop ?? { cartridge: '' };

describe('handedOver', () => {
  test('is nothing for a machine that is a process', () => {
    const spec = specOf({ cartridge: 'iis', needs: [{ subscription: 'shop-db', as: 'DB' }] });
    const cartridges = { ...spec.cartridges, iis: aCartridge('iis', { runtime: 'vm', partition: 'web' }) };
    expect(handedOver({ ...spec, cartridges }, shopOf(spec))).toEqual({});
  });

  test('is the gateway of the own VM, and the outputs as they are of that subscription', () => {
    const spec = specOf({ needs: [{ subscription: 'shop-db', as: 'DB' }] });
    expect(handedOver(spec, shopOf(spec))).toEqual({
      DB_HOST: { kind: 'value', value: '10.70.0.1' },
      DB_PORT: { kind: 'value', value: '5433' },
      DB_URL: { kind: 'value', value: 'tcp://10.70.0.1:5433' },
      DB_USER: { kind: 'value', value: 'app' },
      DB_DATA_BASE: { kind: 'value', value: 'shop' },
      DB_PASSWORD: { kind: 'env', variable: 'PG' },
    });
  });

  test('names an http address as one, and begins with the alias', () => {
    const spec = specOf({ needs: ['api'] });
    expect(handedOver(spec, shopOf(spec))).toMatchObject({ API_URL: { value: 'http://10.70.0.1:8080' } });
  });

  test('has the chosen outputs only, and no address of what is served on no port', () => {
    const spec = specOf({
      needs: [
        { subscription: 'shop-db', outputs: [] },
        { subscription: 'quiet', as: 'Q', outputs: ['user'] },
      ],
    });
    expect(Object.keys(handedOver(spec, shopOf(spec)))).toEqual([
      'SHOP_DB_HOST',
      'SHOP_DB_PORT',
      'SHOP_DB_URL',
      'Q_USER',
    ]);
  });
});

describe('environmentOf', () => {
  test('lets what is written in env win, and keeps secrets as such', async () => {
    const spec = specOf({
      needs: [{ subscription: 'shop-db', as: 'DB' }],
      env: { DB_USER: { kind: 'value', value: 'mine' } },
    });
    const { shop } = spec.subscriptions;
    if (!shop) throw new Error('there is a shop');
    const environment = await environmentOf(spec, shop, { PG: 'hunter2' });
    expect(environment).toMatchObject({ DB_USER: 'mine', MODE: 'test', DB_HOST: '10.70.0.1' });
    expect(environment.DB_PASSWORD).toBeInstanceOf(Secret);
    expect(JSON.stringify(environment)).not.toContain('hunter2');
  });
});
