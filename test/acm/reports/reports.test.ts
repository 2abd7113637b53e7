import {
  blastRadius,
  compilePolicy,
  diffPolicies,
  labelMatrix,
  ReferenceMonitor,
  samplePolicies,
} from '../../../src/acm/index.js';
import { createMemoryStore } from '../../../src/store/index.js';

const v10 = samplePolicies['tvdc-sample 1.0'];
const v11 = samplePolicies['tvdc-sample 1.1'];

test('the label matrix tells who may share with whom', () => {
  const matrix = labelMatrix(compilePolicy(v10));
  expect(matrix.rows.map(({ name }) => name)).toEqual(['SystemManagement', 'HostMA', 'MA', 'MS', 'SU']);
  expect(matrix.columns.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    ...matrix.rows.map(({ name }) => `vm ${name}`),
    ...['MA', 'SU', 'MS', 'SystemManagement'].map((name) => `resource ${name}`),
  ]);
  expect(matrix.common[2]).toEqual([['MA'], ['MA'], ['MA'], [], [], ['MA'], [], [], []]);
});

test('the blast radius of a label is what its types reach', async () => {
  const monitor = await ReferenceMonitor.open({ store: createMemoryStore() });
  await monitor.update(v10);
  await monitor.changeLabel({ element: { kind: 'vm', vm: 'su-1' }, label: 'SU' });
  await monitor.changeLabel({ element: { kind: 'vm', vm: 'ma-1' }, label: 'MA' });
  await monitor.changeLabel({ element: { kind: 'resource', resource: 'file:/su' }, label: 'SU' });
  expect(blastRadius(monitor.compiled, 'SU', monitor.labels)).toEqual({
    label: 'SU',
    types: ['SU'],
    vmLabels: ['SystemManagement', 'SU'],
    resourceLabels: ['SU'],
    vms: ['su-1'],
    resources: ['file:/su'],
    throughTrusted: ['HostMA', 'MA'],
  });
  expect(blastRadius(monitor.compiled, 'MS', monitor.labels)).toMatchObject({ vmLabels: ['MS'], throughTrusted: [] });
  expect(blastRadius(monitor.compiled, 'X', monitor.labels)).toBeNull();
});

test('a difference names what was added, changed, renamed and removed', () => {
  expect(diffPolicies(v10, v10)).toEqual([]);
  expect(diffPolicies(v10, v11).map(({ kind, change, name }) => [kind, change, name])).toEqual([
    ['header', 'changed', 'version'],
    ['conflict set', 'added', 'MA-SU'],
  ]);
  const next = {
    ...v10,
    steTypes: ['SystemManagement', 'MA', 'SU', 'New'],
    vmLabels: [
      { name: 'SystemManagement', ste: ['SU', 'MA', 'SystemManagement'], chwall: ['SystemManagement'] },
      { name: 'Market', from: 'MA', ste: ['MA'], chwall: ['MA'] },
      { name: 'SU', ste: ['New'], chwall: ['SU'] },
    ],
  };
  expect(diffPolicies(v10, next).map(({ kind, change, name, from }) => [kind, change, name, from])).toEqual([
    ['type', 'removed', 'MS', undefined],
    ['type', 'added', 'New', undefined],
    ['vm label', 'renamed', 'Market', 'MA'],
    ['vm label', 'changed', 'SU', undefined],
    ['vm label', 'removed', 'HostMA', undefined],
    ['vm label', 'removed', 'MS', undefined],
  ]);
});
