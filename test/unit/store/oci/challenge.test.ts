import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../../../src/store/oci/challenge.ts';

describe('parseChallenges', () => {
  it.each([
    ['', []],
    ['Basic realm="test"', [{ scheme: 'basic', parameters: { realm: 'test' } }]],
    ['Negotiate', [{ scheme: 'negotiate', parameters: {} }]],
    [
      'Bearer realm="https://auth.example/token",service="registry",scope="repository:a:pull,push"',
      [
        {
          scheme: 'bearer',
          parameters: { realm: 'https://auth.example/token', service: 'registry', scope: 'repository:a:pull,push' },
        },
      ],
    ],
    [
      'Bearer realm="a b", Basic realm="c\\"d" , charset=UTF-8',
      [
        { scheme: 'bearer', parameters: { realm: 'a b' } },
        { scheme: 'basic', parameters: { realm: 'c"d', charset: 'UTF-8' } },
      ],
    ],
    [
      'Bearer REALM = "x" , error=invalid_token',
      [{ scheme: 'bearer', parameters: { realm: 'x', error: 'invalid_token' } }],
    ],
    ['"broken', []],
  ])('reads %j', (header, challenges) => {
    expect(parseChallenges(header)).toEqual(challenges);
  });
});
