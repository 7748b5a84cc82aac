import { describe, expect, it } from 'vitest';
import { quotaCodeOf } from '../../../../src/iaas/ec2/quota-codes.ts';

describe('quotaCodeOf', () => {
  it.each([
    ['m5.large', 'on-demand', 'L-1216C47A'],
    ['m5.large', 'spot', 'L-34B43A08'],
    ['im4gn.large', 'on-demand', 'L-1216C47A'],
    ['is4gen.large', 'spot', 'L-34B43A08'],
    ['i3en.large', 'on-demand', 'L-1216C47A'],
    ['g5.xlarge', 'on-demand', 'L-DB2E81BA'],
    ['gr6.4xlarge', 'spot', 'L-3819A6DF'],
    ['vt1.3xlarge', 'on-demand', 'L-DB2E81BA'],
    ['dl1.24xlarge', 'on-demand', 'L-6E869C2A'],
    ['d3.xlarge', 'on-demand', 'L-1216C47A'],
    ['inf2.xlarge', 'spot', 'L-B5D1601B'],
    ['trn1.2xlarge', 'on-demand', 'L-2C3B7624'],
    ['x2idn.16xlarge', 'spot', 'L-E3A00192'],
    ['u-6tb1.metal', 'on-demand', 'L-43DA4232'],
    ['hpc7g.16xlarge', 'on-demand', 'L-F7808C92'],
  ] as const)('quotaCodeOf knows what %s counts for, %s', (type, market, code) => {
    expect(quotaCodeOf(type, market)?.code).toBe(code);
  });

  it.each([
    ['u-6tb1.metal', 'spot'],
    ['hpc7g.16xlarge', 'spot'],
    ['mac2.metal', 'on-demand'],
    ['constructor', 'on-demand'],
  ] as const)('quotaCodeOf knows none for %s, %s', (type, market) => {
    expect(quotaCodeOf(type, market)).toBeUndefined();
  });
});
