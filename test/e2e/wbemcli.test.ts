import { isAbstract, isAssociation } from '../../src/cim/index.js';
import { describeIf } from '../support/parts.js';
import { openSampleHost, populateHost, type SampleHost } from './support/sample-host.js';
import {
  createWbemcli,
  keysOf,
  objectOf,
  propertiesOf,
  type Wbemcli,
  type WbemcliAnswer,
  wbemcliInstalled,
} from './support/wbemcli.js';

const nonce = Buffer.from('a nonce of 20 octets').toString('base64');

const twoAtATime = 2;

/** Whether a line begins an object; text with line ends (a certificate) goes on over several. */
function isObject(line: string): boolean {
  return /^[^\s"=]+\/root\/\w+:\w+\./.test(line);
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: twoAtATime }, worker));
}

describeIf(wbemcliInstalled, 'wbemcli is not installed (Debian package sblim-wbemcli)')('stock wbemcli', () => {
  let sample: SampleHost;
  let wbemcli: Wbemcli;

  beforeAll(async () => {
    sample = await openSampleHost();
    await populateHost(sample);
    wbemcli = createWbemcli(sample.url, 'admin', sample.admin.secret);
  });
  afterAll(() => sample.close());

  /** What it printed, after a check that it neither failed nor complained. */
  const lines = async (...words: Parameters<Wbemcli>): Promise<readonly string[]> => {
    const answer = await wbemcli(...words);
    expect({ words, status: answer.status, error: answer.error }).toEqual({ words, status: 0, error: '' });
    return answer.lines;
  };
  const firstOf = async (className: string): Promise<string> => {
    const [line] = await lines('ein', `root/tvdc:${className}`);
    return objectOf(line ?? '');
  };
  const namedVm = async (name: string): Promise<string> => {
    const { id } = await sample.admin.host.vm(name);
    const found = (await lines('ein', 'root/tvdc:TVDC_ComputerSystem')).find((line) => line.includes(id));
    return objectOf(found ?? '');
  };

  /** Classes of a namespace that have instances of their own, as the object manager tells them to our client. */
  const servedClasses = async (namespace: string): Promise<ReadonlyMap<string, number>> => {
    const names = (await lines('ecn', namespace)).map((line) => objectOf(line).replace(/^.*:/, ''));
    expect(names.length).toBeGreaterThan(20);
    const served = new Map<string, number>();
    for (const name of names) {
      const cls = await sample.admin.client.getClass(name, { namespace, localOnly: false });
      if (isAbstract(cls)) continue;
      const paths = await sample.admin.client.instancePaths(name, { namespace }).toArray();
      const own = paths.filter((path) => path.className === name).length;
      if (own > 0) served.set(name, own);
    }
    return served;
  };

  const walk = async (namespace: string, className: string, count: number): Promise<void> => {
    const cls = `${namespace}:${className}`;
    const own = (await lines('ein', cls)).filter((line) => objectOf(line).startsWith(`${cls}.`));
    expect({ className, count: own.length }).toEqual({ className, count });
    const whole = await lines('ei', cls);
    expect(whole.filter((line) => objectOf(line).startsWith(`${cls}.`)).length).toBe(count);
    expect((await lines('gc', cls)).join('\n')).toContain(className);
    expect((await lines('ec', cls)).length).toBeGreaterThanOrEqual(0);
    expect((await lines('ecn', cls)).length).toBeGreaterThanOrEqual(0);
    const object = objectOf(own[0] ?? '');
    const [head, ...rest] = await lines('gi', object, '-nl');
    expect(objectOf(head ?? '')).toBe(object);
    const properties = propertiesOf(rest);
    expect(properties.size).toBeGreaterThan(1);
    const schema = await sample.admin.client.getClass(className, { namespace, localOnly: false });
    if (isAssociation(schema)) return;
    const keys = keysOf(object);
    expect(keys.size).toBeGreaterThan(0);
    for (const [name, value] of keys) {
      expect(`${className}.${name}=${properties.get(name)}`).toBe(`${className}.${name}="${value}"`);
    }
    const associators = await lines('ain', object);
    const references = await lines('rin', object);
    expect((await lines('ai', object)).filter(isObject).length).toBe(associators.length);
    expect((await lines('ri', object)).filter(isObject).length).toBe(references.length);
    expect(references.length > 0).toBe(associators.length > 0);
  };

  test.each(['root/tvdc', 'root/interop'])(
    'reads every class of %s that has instances, with every reading operation',
    async (namespace) => {
      const served = await servedClasses(namespace);
      expect(served.size).toBeGreaterThan(namespace === 'root/tvdc' ? 45 : 5);
      await inParallel([...served], ([className, count]) => walk(namespace, className, count));
    },
    60_000,
  );

  test('finds nothing in the namespace that holds classes only', async () => {
    expect((await lines('ecn', 'root/cimv2')).length).toBeGreaterThan(100);
    expect(await lines('ein', 'root/cimv2:CIM_ManagedElement')).toEqual([]);
  });

  test('asks for the decisions of Figure 3', async () => {
    const service = await firstOf('TVDC_SecurityPolicyService');
    const ask = async (question: string): Promise<string> =>
      (await lines('cm', service, `EvaluateAccess.${question}`)).join();
    expect(await ask('Hook="sharing",Subject="Domain-0",Object="ma-1"')).toContain('Decision (string): permit');
    const denied = await ask('Hook="sharing",Subject="ma-1",Object="su-1"');
    expect(denied).toContain('Decision (string): deny');
    expect(denied).toContain('no_common_type');
  });

  test('pauses and resumes a machine, and is told why one may not start', async () => {
    const running = await namedVm('ma-1');
    expect((await lines('cm', running, 'RequestStateChange.RequestedState=9')).join()).toContain(
      'RequestStateChange: 0',
    );
    expect((await lines('gi', running, 'EnabledState')).join()).toContain('EnabledState=9');
    expect((await lines('cm', running, 'RequestStateChange.RequestedState=2')).join()).toContain(
      'RequestStateChange: 0',
    );
    const refused = await wbemcli('cm', await namedVm('ms-1'), 'RequestStateChange.RequestedState=2');
    expect(refused.status).toBe(16);
    expect(refused.error).toContain('(1) CIM_ERR_FAILED: TVDC0201: ms-1 is not permitted to start');
  });

  test('assigns a label with a reference as the last argument', async () => {
    const service = await firstOf('TVDC_SecurityPolicyService');
    const spare = (await sample.admin.host.element('spare-disk')).id;
    const volume = objectOf(
      (await lines('ein', 'root/tvdc:TVDC_StorageVolume')).find((line) => line.includes(spare)) ?? '',
    );
    expect((await lines('cm', service, `AssignLabel.Label="SU",OldLabel="",Element=${volume}`)).join()).toContain(
      'AssignLabel: 0',
    );
    expect((await sample.admin.host.element('spare-disk')).label).toBe('ACM:tvdc-sample:SU');
    const wrong = await lines('cm', service, `AssignLabel.Label="MA",OldLabel="MS",Element=${volume}`);
    expect(wrong.join()).toContain('AssignLabel: 32772');
  });

  test('creates and destroys a machine', async () => {
    const service = await firstOf('TVDC_VirtualSystemManagementService');
    const spec = 'Name="web-1",Label="MA",MemoryMiB=128,VLANs="100",WithTPM=true';
    expect((await lines('cm', service, `CreateVirtualMachine.${spec}`)).join()).toContain('CreateVirtualMachine: 0');
    expect(await lines('ain', await namedVm('web-1'), '-ac', 'TVDC_SettingsDefineState')).toHaveLength(1);
    expect((await lines('cm', service, `DestroySystem.AffectedSystem=${await namedVm('web-1')}`)).join()).toContain(
      'DestroySystem: 0',
    );
    await expect(sample.admin.host.vm('web-1')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('changes what a machine is made of, by embedded settings and by ModifyInstance', async () => {
    const service = await firstOf('TVDC_VirtualSystemManagementService');
    // Markup within a value is for the shell's user to escape; wbemcli sends it as it stands.
    const embedded = (className: string, properties: Readonly<Record<string, string>>): string => {
      const written = Object.entries(properties).map(
        ([name, value]) => `&lt;PROPERTY NAME='${name}' TYPE='string'>&lt;VALUE>${value}&lt;/VALUE>&lt;/PROPERTY>`,
      );
      return `"&lt;INSTANCE CLASSNAME='${className}'>${written.join('')}&lt;/INSTANCE>"`;
    };
    const call = async (words: string): Promise<string> => (await lines('cm', service, words)).join();
    const settings = 'TVDC_VirtualSystemSettingData';
    const define = embedded(settings, { ElementName: 'cli-1', SecurityLabel: 'MA' });
    expect(await call(`DefineSystem.SystemSettings=${define}`)).toMatch(/DefineSystem: 0, ResultingSystem/);
    const { id } = await sample.admin.host.vm('cli-1');
    const rename = embedded(settings, { InstanceID: `TVDC:${id}`, ElementName: 'cli-2', SecurityLabel: 'SU' });
    expect(await call(`ModifySystemSettings.SystemSettings=${rename}`)).toContain('ModifySystemSettings: 0');
    expect(await sample.admin.host.vm('cli-2')).toMatchObject({ id, label: 'ACM:tvdc-sample:SU' });

    await lines('mi', `root/tvdc:${settings}.InstanceID="TVDC:${id}"`, 'SecurityLabel="MA",Criticality=4');
    const memory = `root/tvdc:TVDC_MemoryAllocationSettingData.InstanceID="TVDC:${id}/memory"`;
    await lines('mi', memory, 'VirtualQuantity=512');
    expect((await lines('gp', memory, 'VirtualQuantity')).join()).toBe('512');
    expect(await sample.admin.host.vm('cli-2')).toMatchObject({ label: 'ACM:tvdc-sample:MA', criticality: 4 });
    const refused = await wbemcli('mi', memory, 'Weight=2');
    expect(refused.error).toContain('(4) CIM_ERR_INVALID_PARAMETER');
  });

  test('takes a device from a machine, and is told by a value what its state does not allow', async () => {
    const service = await firstOf('TVDC_VirtualSystemManagementService');
    const running = await namedVm('su-1');
    const { id } = await sample.admin.host.vm('su-1');
    const ports = await lines('ein', 'root/tvdc:TVDC_EthernetPortAllocationSettingData');
    const port = objectOf(ports.find((line) => line.includes(id)) ?? '');
    expect((await lines('cm', service, `RemoveResourceSettings.ResourceSettings=${port}`)).join()).toContain(
      'RemoveResourceSettings: 0',
    );
    const memory = `root/tvdc:TVDC_MemoryAllocationSettingData.InstanceID="TVDC:${id}/memory"`;
    expect((await lines('cm', service, `RemoveResourceSettings.ResourceSettings=${memory}`)).join()).toContain(
      'RemoveResourceSettings: 1',
    );
    expect((await lines('cm', service, `DestroySystem.AffectedSystem=${running}`)).join()).toContain(
      'DestroySystem: 5',
    );
  });

  test('goes from a profile to what conforms to it, and on to the pools', async () => {
    const profile = 'root/interop:CIM_RegisteredProfile.InstanceID="TVDC:DMTF:System Virtualization:1.0.0"';
    const [central] = await lines('ain', profile, '-ac', 'CIM_ElementConformsToProfile');
    expect(objectOf(central ?? '')).toMatch(/^root\/tvdc:TVDC_HostSystem\./);
    const pools = await lines('ai', objectOf(central ?? ''), '-ac', 'CIM_HostedResourcePool');
    expect(pools.filter(isObject)).toHaveLength(5);
    const back = await lines('ain', objectOf(central ?? ''), '-ac', 'CIM_ElementConformsToProfile');
    expect(back.map(objectOf)).toContain(profile);
  });

  test('takes evidence from a TPM', async () => {
    const tpm = await firstOf('TVDC_TPM');
    expect((await lines('cm', tpm, `Quote.Nonce="${nonce}",Selection="sha256:0-10"`)).join()).toMatch(
      /Quote: 0, Quoted \(string\): \/1RDR/,
    );
    expect((await lines('cm', tpm, 'GetIdentity')).join()).toContain('GetIdentity: 0');
    const log = await firstOf('TVDC_MeasurementLog');
    expect((await lines('cm', log, 'GetMeasurements.StartIndex=0,MaxEntries=1')).join()).toContain(
      'NextIndex (uint64): 1',
    );
    expect((await lines('cm', log, 'ClearLog')).join()).toContain('ClearLog: 1');
  });

  test('creates, changes and deletes instances', async () => {
    const keys = `SystemCreationClassName="CIM_ComputerSystem",SystemName="here",CreationClassName="CIM_IndicationFilter",Name="e2e"`;
    const filter = `root/interop:CIM_IndicationFilter.${keys}`;
    const rest = 'Query="SELECT * FROM CIM_InstModification",QueryLanguage="DMTF:CQL",SourceNamespaces="root/tvdc"';
    const created = objectOf((await lines('ci', filter, `${keys},${rest}`)).join());
    expect(created).toContain('CIM_IndicationFilter');
    await lines('mi', created, 'ElementName="changed by wbemcli"');
    expect((await lines('gi', created, '-nl')).join('\n')).toContain('-ElementName="changed by wbemcli"');
    await lines('di', created);
    const gone: WbemcliAnswer = await wbemcli('gi', created);
    expect(gone.error).toContain('(6) CIM_ERR_NOT_FOUND');
    const vm = await namedVm('ma-2');
    await lines('mi', vm, 'Criticality=2');
    expect((await lines('gp', vm, 'Criticality')).join()).toContain('2');
  });
});
