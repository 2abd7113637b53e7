import { z } from 'zod';
import { describeIssues } from '../../src/base/index.js';

const form = z.strictObject({
  format: z.literal(1),
  peers: z.array(z.strictObject({ name: z.string().min(1), url: z.string(), user: z.string(), account: z.string() })),
});

function said(value: unknown): string {
  const { error } = form.safeParse(value);
  return error === undefined ? '' : describeIssues(error.issues);
}

test('what is wrong with data is told in one line, each with its place', () => {
  expect(said({ format: 1, peers: [{ name: 'b', url: 3, user: 'a', account: 'b' }] })).toBe(
    'peers[0].url: expected string, received number',
  );
  expect(said({ format: 1, peers: [{}] })).toMatch(
    /^peers\[0\]\.name: expected string, [^;]+; peers\[0\]\.url: [^;]+; peers\[0\]\.user: [^;]+; and 1 more$/,
  );
  expect(said({ format: 2, peers: [] })).toMatch(/^format: expected 1/);
  expect(said({ format: 1, peers: [], more: 1 })).toBe('unrecognized key: "more"');
  expect(said(null)).toBe('expected object, received null');
});

test('of several forms that which fits best counts', () => {
  const disk = z.union([
    z.strictObject({ volume: z.string() }),
    z.strictObject({ size: z.string().regex(/^\d+G$/, 'is no size') }),
  ]);
  const { error } = z.object({ disks: z.array(disk) }).safeParse({ disks: [{ volume: 'a' }, { size: '1X' }] });
  expect(describeIssues(error?.issues ?? [])).toBe('disks[1].size: is no size');
});

test('a message of our own stays as it is', () => {
  expect(describeIssues([{ path: [], message: 'two peers have one name' }])).toBe('two peers have one name');
  expect(describeIssues([{ path: ['a', 0, 'b'], message: 'TPM is not known' }])).toBe('a[0].b: TPM is not known');
});
