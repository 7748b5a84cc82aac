import { describe, expect, it } from 'vitest';
import { mergeScopes, pushScope } from '../../../../src/store/oci/scopes.ts';

describe('mergeScopes', () => {
  it('asks for each resource once, whatever order a server names the actions in', () => {
    expect(mergeScopes(['repository:mine/app:push,pull', ...pushScope('mine/app')])).toEqual([
      'repository:mine/app:pull,push',
    ]);
  });

  it('unites actions and keeps resources apart', () => {
    expect(mergeScopes(['repository:a:pull', 'repository:b:pull', 'repository:a:push', 'registry:catalog:*'])).toEqual([
      'repository:a:pull,push',
      'repository:b:pull',
      'registry:catalog:*',
    ]);
  });

  it('takes a resource with a port in its name', () => {
    expect(mergeScopes(['repository:host:5000/app:push', 'repository:host:5000/app:pull'])).toEqual([
      'repository:host:5000/app:pull,push',
    ]);
  });
});
