/** What is refused, and what a wake door does, as HAProxy counted it when it was tried. */
import { describe, expect, test } from 'vitest';
import { parseGatewayProbe } from '../../../src/gateway/probe.ts';
import { parseStatistics } from '../../../src/gateway/statistics.ts';
import { trafficOf } from '../../../src/gateway/traffic.ts';

const HEADER = '# pxname,svname,qcur,scur,stot,econ,eresp,wretr,status,rate,hrsp_5xx,req_tot,lastsess,rtime';
const traffic = (...rows: readonly string[]) => trafficOf(parseStatistics([HEADER, ...rows].join('\n')));

describe('trafficOf', () => {
  test('takes a failure at a server for its error, and not for a request that nobody could take', () => {
    const { servers, services } = traffic(
      'shop,shop-1,0,0,18,1,0,3,DOWN,1,0,14,0,2',
      'shop,shop-2,0,0,9,2,3,0,UP,1,4,9,0,2',
      'shop,BACKEND,5,0,26,7,3,3,UP,2,4,26,0,2',
    );
    expect(services).toEqual({ shop: { queued: 5, refused: 4 } });
    expect([servers['shop-1']?.errors, servers['shop-2']?.errors]).toEqual([1, 9]);
  });

  test('counts a request that a wake door could not hand on as refused and as an error of its process', () => {
    const { servers, services } = traffic(
      'shop,shop-1,0,0,18,1,0,3,DOWN,0,0,14,10,2',
      'shop,shop-1:wake,0,1,14,3,2,9,no check,1,0,0,0,700',
      'shop,BACKEND,0,0,20,4,2,12,UP,0,6,20,0,1',
    );
    expect(services.shop?.refused).toBe(3);
    expect(servers).toEqual({
      'shop-1': { sessions: 1, queued: 0, rate: 1, requests: 14, errors: 6, responseTime: 2, idle: 0 },
    });
  });

  test('counts what workers hold that a reload replaced, and nothing but how many', () => {
    const probe = [
      'gateway a a',
      'leaving shop-1 2',
      'leaving shop-1 1',
      'leaving shop-2:wake 1',
      'leaving gone-1 4',
      'worker 7.1',
      HEADER,
      'shop,shop-1,0,1,18,0,0,0,UP,1,0,14,0,2',
      'shop,shop-2,0,0,9,0,0,0,DOWN,0,0,9,40,2',
    ];
    expect(parseGatewayProbe(probe.join('\n')).traffic?.servers).toEqual({
      'shop-1': { sessions: 4, queued: 0, rate: 1, requests: 14, errors: 0, responseTime: 2, idle: 0 },
      'shop-2': { sessions: 1, queued: 0, rate: 0, requests: 9, errors: 0, responseTime: 2, idle: 40_000 },
      'gone-1': { sessions: 4 },
    });
  });

  test('counts a tcp connection once, however often it was tried', () => {
    expect(traffic('db,db-1,0,0,10,0,0,4,UP,0,,,-1,0').servers).toEqual({
      'db-1': { sessions: 0, queued: 0, rate: 0, requests: 6, errors: 0 },
    });
  });

  test('is never negative, also when a table was read while it changed', () => {
    const { servers, services } = traffic('db,db-1,0,0,1,9,0,4,UP,0,,,-1,0', 'db,BACKEND,0,0,1,2,0,4,UP,0,,,-1,0');
    expect([servers['db-1']?.requests, services.db?.refused]).toEqual([0, 0]);
  });
});
