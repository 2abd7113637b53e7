import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeIf } from '../support/parts.js';
import { type CommandResult, runCommand } from './support/command.js';
import { openSampleHost, prepareDatacenter, type SampleHost } from './support/sample-host.js';
import { createWbemcli, objectOf, propertiesOf, type Wbemcli, wbemcliInstalled } from './support/wbemcli.js';

let sample: SampleHost;

beforeAll(async () => {
  sample = await openSampleHost();
  await prepareDatacenter(sample.admin.host);
  writeFileSync(join(sample.folder, 'secret'), sample.admin.secret);
});
afterAll(() => sample.close());

/** The command as a process of its own. */
const tvdc = (...words: readonly string[]): Promise<CommandResult> =>
  runCommand([...words, '--url', sample.url, '--user', 'admin', '--password-file', join(sample.folder, 'secret')]);

test('the life of a machine from its definition to its end, by the command itself', async () => {
  const defined = await tvdc('vm', 'define', 'ma-3', '--label', 'MA', '--disk', '1M:MA', '--vlan', '100');
  expect(defined).toMatchObject({ status: 0, errors: '' });
  const preflight = await tvdc('vm', 'preflight', 'ma-3', '--here');
  expect(preflight).toMatchObject({ status: 0, output: expect.stringMatching(/: would start\n$/) as string });
  expect((await tvdc('vm', 'start', 'ma-3')).output).toBe('ma-3 is running\n');
  expect(sample.vm.parts.monitor.running()).toHaveLength(1);
  const early = await tvdc('vm', 'destroy', 'ma-3', '--yes');
  expect(early).toMatchObject({
    status: 1,
    output: '',
    errors: 'tvdc: ma-3 is running: it cannot be destroyed from there\n',
  });
  expect((await tvdc('vm', 'stop', 'ma-3')).status).toBe(0);
  // Without a terminal nobody can be asked.
  expect((await tvdc('vm', 'destroy', 'ma-3')).status).toBe(2);
  expect((await tvdc('vm', 'destroy', 'ma-3', '--yes')).output).toBe('ma-3 is destroyed\n');
  expect(sample.vm.parts.inventory.vmByName('ma-3')).toBeUndefined();
});

describeIf(wbemcliInstalled, 'wbemcli is not installed (Debian package sblim-wbemcli)')('stock wbemcli', () => {
  let wbemcli: Wbemcli;
  const lines = async (...words: Parameters<Wbemcli>): Promise<readonly string[]> => {
    const answer = await wbemcli(...words);
    expect({ words, status: answer.status, error: answer.error }).toEqual({ words, status: 0, error: '' });
    return answer.lines;
  };
  const namesOf = async (className: string): Promise<readonly string[]> =>
    (await lines('ein', `root/tvdc:${className}`)).map(objectOf);

  // wbemcli wants keys; the host gives its own.
  const system = 'SystemCreationClassName="TVDC_HostSystem",SystemName="here"';
  const newVolume = `root/tvdc:TVDC_StorageVolume.${system},CreationClassName="TVDC_StorageVolume",DeviceID="new"`;
  const newVlan = 'root/tvdc:TVDC_VLAN.InstanceID="new"';

  beforeAll(() => {
    wbemcli = createWbemcli(sample.url, 'admin', sample.admin.secret);
  });

  test('makes and removes volumes and VLANs', async () => {
    const made = await lines('ci', newVolume, 'ElementName=by-hand,NumberOfBlocks=2048');
    const volume = objectOf(made[0] ?? '');
    expect(propertiesOf(await lines('gi', volume, '-nl')).get('ElementName')).toBe('"by-hand"');
    expect(sample.vm.parts.inventory.volumeByResource('by-hand')?.sizeBytes).toBe(1 << 20);
    await lines('di', volume);
    expect(sample.vm.parts.inventory.volumeByResource('by-hand')).toBeUndefined();
    const vlan = objectOf((await lines('ci', newVlan, 'VLANId=300,ElementName=lab'))[0] ?? '');
    expect(vlan).toContain(':vlan:300"');
    await lines('di', vlan);
    const before = await namesOf('TVDC_StorageVolume');
    expect((await wbemcli('ci', newVolume, 'ElementName=no-size')).error).toMatch(/NumberOfBlocks/);
    expect((await wbemcli('ci', newVlan, 'VLANId=5000')).status).not.toBe(0);
    expect(await namesOf('TVDC_StorageVolume')).toEqual(before);
  });

  test('asks what stands against a start, and marks a machine as trusted', async () => {
    const [service = ''] = await namesOf('TVDC_VirtualSystemManagementService');
    const { id } = await sample.admin.host.vm('ms-1');
    const vm = (await namesOf('TVDC_ComputerSystem')).find((name) => name.includes(id)) ?? '';
    const asked = await lines('cm', service, `CheckStart.System=${vm}`);
    const told = asked.join('\n');
    expect(told).toMatch(/not_authorized/);
    await lines('mi', vm, 'Trusted=TRUE');
    expect(propertiesOf(await lines('gi', vm, '-nl')).get('Trusted')).toBe('TRUE');
    expect(sample.vm.parts.inventory.vm(id)?.trusted).toBe(true);
    await lines('mi', vm, 'Trusted=FALSE');
  });
});
