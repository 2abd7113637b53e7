import {
  CimError,
  type CimInstance,
  type CimInstancePath,
  createClassPath,
  createInstance,
  isAbstract,
} from '../../src/cim/index.js';
import type { WbemClient } from '../../src/client/index.js';
import { describeIf } from '../support/parts.js';
import { canValidate, dtdComplaints } from './support/dtd.js';
import { namespace, openSampleHost, populateHost, type SampleHost } from './support/sample-host.js';

const fewAtATime = 7;

describeIf(canValidate, 'xmllint or the DTD of DSP0203 2.4.0 is not here')('every complete answer is valid', () => {
  let sample: SampleHost;
  let client: WbemClient;
  let checked = 0;

  beforeAll(async () => {
    sample = await openSampleHost();
    await populateHost(sample);
    ({ client } = sample.admin);
  });
  afterAll(() => sample.close());

  /** Validates what was answered since the last time; at least `least` answers to `method`. */
  const validate = async (method: string, least: number): Promise<void> => {
    const fresh = sample.proxy.answers.slice(checked);
    checked = sample.proxy.answers.length;
    const bodies = fresh.filter((answer) => answer.status === 200).map((answer) => answer.body);
    expect(fresh.filter((answer) => answer.method === method).length).toBeGreaterThanOrEqual(least);
    expect(bodies).toHaveLength(fresh.length);
    expect(await dtdComplaints(bodies)).toEqual([]);
  };
  const statusOf = async (work: Promise<unknown>): Promise<number> =>
    work.then(
      () => 0,
      (error: unknown) => {
        if (error instanceof CimError) return error.status;
        throw error;
      },
    );
  const firstPath = async (className: string): Promise<CimInstancePath> => {
    const [path] = await client.enumerateInstanceNames(className);
    if (path === undefined) throw new Error(`no ${className}`);
    return path;
  };

  test('to the classic operations over every class', async () => {
    for (const space of [namespace, 'root/interop']) {
      const names = await client.enumerateClassNames({ namespace: space, deepInheritance: true });
      expect(names.length).toBeGreaterThan(20);
      for (const name of names) {
        const cls = await client.getClass(name, { namespace: space, includeClassOrigin: true });
        if (isAbstract(cls)) continue;
        const paths = await client.enumerateInstanceNames(name, { namespace: space });
        const own = paths.find((path) => path.className === name);
        if (own === undefined) continue;
        await client.enumerateInstances(name, { namespace: space, includeClassOrigin: true });
        await client.getInstance(own, { namespace: space });
        await client.associatorsOf(own, { namespace: space });
        await client.associatorNames(own, { namespace: space });
        await client.referencesOf(own, { namespace: space });
        await client.referenceNames(own, { namespace: space });
      }
    }
    await validate('EnumerateInstances', 40);
  });

  test('to operations on classes and qualifiers', async () => {
    await client.enumerateClasses({ deepInheritance: true, localOnly: false, includeClassOrigin: true });
    await client.enumerateClasses({ includeQualifiers: false });
    await client.enumerateQualifiers();
    await client.getQualifier('Key');
    const cls = createClassPath('TVDC_ComputerSystem', { namespace });
    await client.associatorsOf(cls, { includeQualifiers: true });
    await client.associatorNames(cls);
    await client.referencesOf(cls);
    await client.referenceNames(cls);
    await validate('EnumerateClasses', 2);
  });

  test('to pulled enumerations, opened, pulled and closed', async () => {
    const vm = await firstPath('TVDC_ComputerSystem');
    const max = { maxObjectCount: fewAtATime };
    const instances = [
      await client.openEnumerateInstances('CIM_ManagedElement', max),
      await client.openAssociatorInstances(vm, { maxObjectCount: 1 }),
      await client.openReferenceInstances(vm, { maxObjectCount: 1 }),
    ];
    for (const opened of instances) {
      expect(opened.endOfSequence).toBe(false);
      await client.pullInstancesWithPath(opened.enumerationContext ?? '', max);
    }
    const paths = [
      await client.openEnumerateInstancePaths('CIM_ManagedElement', max),
      await client.openAssociatorInstancePaths(vm, { maxObjectCount: 1 }),
      await client.openReferenceInstancePaths(vm, { maxObjectCount: 1 }),
    ];
    for (const opened of paths) await client.pullInstancePaths(opened.enumerationContext ?? '', max);
    await client.closeEnumeration(instances[0]?.enumerationContext ?? '');
    await client.openEnumerateInstances('TVDC_ComputerSystem', {
      filterQueryLanguage: 'DMTF:FQL',
      filterQuery: 'EnabledState = 2',
    });
    await client.openEnumerateInstances('TVDC_AccessDecision', { maxObjectCount: 100_000 });
    await validate('OpenEnumerateInstances', 3);
  });

  test('to queries', async () => {
    const query = 'SELECT ElementName, EnabledState FROM TVDC_ComputerSystem WHERE EnabledState = 2';
    expect(await statusOf(client.execQuery('DMTF:CQL', query))).toBe(0);
    const opened = await client.openQueryInstances('DMTF:CQL', query, { maxObjectCount: 1 });
    expect(opened.instances).toHaveLength(1);
    await validate('ExecQuery', 1);
  });

  test('to methods with embedded instances, references and arrays', async () => {
    const service = await firstPath('TVDC_VirtualSystemManagementService');
    const system = await client.getClass('TVDC_VirtualSystemSettingData');
    const memory = await client.getClass('TVDC_MemoryAllocationSettingData');
    const made = await client.invoke(service, 'DefineSystem', {
      SystemSettings: createInstance(system, { ElementName: 'dtd-1', SecurityLabel: 'ACM:tvdc-sample:MA' }),
      ResourceSettings: [createInstance(memory, { ResourceType: 4, VirtualQuantity: 64n })],
    });
    expect(made.returnValue).toBe(0);
    const named = (await client.enumerateInstances('TVDC_ComputerSystem')).find(
      (vm) => vm.getString('ElementName') === 'dtd-1',
    ) as CimInstance;
    const policy = await firstPath('TVDC_SecurityPolicyService');
    await client.invoke(policy, 'AssignLabel', { Label: 'SU', OldLabel: 'MS', Element: named.path });
    const tpm = await firstPath('TVDC_TPM');
    await client.invoke(tpm, 'GetIdentity');
    await client.invoke(tpm, 'GetEvidence', { Nonce: 'AAECAwQFBgcICQ==', PCRSelection: 'sha256:0-10' });
    expect((await client.invoke(service, 'DestroySystem', { AffectedSystem: named.path })).returnValue).toBe(0);
    await validate('DefineSystem', 1);
  });

  test('to operations that fail', async () => {
    const vm = await firstPath('TVDC_ComputerSystem');
    const failures: readonly (readonly [number, () => Promise<unknown>])[] = [
      [3, () => client.enumerateInstanceNames('CIM_ManagedElement', { namespace: 'root/nowhere' })],
      [5, () => client.enumerateInstanceNames('CIM_Nothing')],
      [6, () => client.getInstance({ ...vm, keys: vm.keys.map((key) => ({ ...key, value: 'nobody' })) })],
      [6, () => client.getClass('CIM_Nothing')],
      [
        15,
        () =>
          client.openEnumerateInstances('CIM_ManagedElement', {
            filterQueryLanguage: 'DMTF:FQL',
            filterQuery: 'x = =',
          }),
      ],
      [21, () => client.pullInstancesWithPath('no such context', { maxObjectCount: 1 })],
      [14, () => client.execQuery('SQL', 'SELECT * FROM CIM_Nothing')],
      [1, () => sample.admin.host.requestState('ms-1', 'start')],
      [17, () => client.invoke(vm, 'NoSuchMethod')],
      [7, () => client.deleteInstance(vm)],
    ];
    const statuses: number[] = [];
    for (const [, work] of failures) statuses.push(await statusOf(work()));
    expect(statuses).toEqual(failures.map(([status]) => status));
    await validate('GetInstance', 1);
  });

  test('to operations that change', async () => {
    const interop = 'root/interop';
    const cls = await client.getClass('CIM_IndicationFilter', { namespace: interop });
    const filter = createInstance(cls, {
      SystemCreationClassName: 'CIM_ComputerSystem',
      SystemName: 'here',
      CreationClassName: 'CIM_IndicationFilter',
      Name: 'dtd',
      Query: 'SELECT * FROM CIM_InstModification',
      QueryLanguage: 'DMTF:CQL',
      SourceNamespaces: [namespace],
    });
    const path = await client.createInstance(filter, { namespace: interop });
    await client.modify(path, { ElementName: 'a & b' }, { namespace: interop });
    expect(await client.getProperty(path, 'ElementName', { namespace: interop })).toBe('a & b');
    await client.deleteInstance(path, { namespace: interop });
    await validate('CreateInstance', 1);
  });
});
