import { ReferenceMonitor, type Permit, samplePolicies } from '../../../src/acm/index.js';
import { createMemoryStore } from '../../../src/store/index.js';
import type { DomainSpec, HypervisorDriver, NetworkDriver, StorageDriver } from '../../../src/vmm/index.js';
import { codeOf } from './host.js';

const uuid = '11111111-1111-4111-8111-111111111111';
const other = '22222222-2222-4222-8222-222222222222';
const disk = { id: 'd0000000-0000-4000-8000-000000000001', path: '/volumes/one' };
const more = { id: 'd0000000-0000-4000-8000-000000000002', path: '/volumes/two' };
const unwatched = { signal: new AbortController().signal, progress: (): void => undefined };
const spec: DomainSpec = { uuid, name: 'one', memoryMiB: 64, processors: 1, disks: [disk], ports: [] };

async function permits(): Promise<(vm: string, kind: Permit['transition']) => Promise<Permit>> {
  const monitor = await ReferenceMonitor.open({ store: createMemoryStore() });
  await monitor.update(samplePolicies['tvdc-sample 1.0']);
  return async (vm, kind) => {
    monitor.left(vm);
    if (monitor.labels.vm(vm) === undefined) {
      await monitor.changeLabel({ element: { kind: 'vm', vm, state: 'off' }, label: 'MA' });
    }
    const { name, version, sha256 } = monitor.policy;
    const { reservation } = await monitor.admit(vm, { kind, policy: { name, version, sha256 } });
    if (reservation === undefined) throw new Error('the sample policy admits MA');
    return reservation.permit;
  };
}

/** What every hypervisor driver keeps to. `open` gives a driver without domains, and the same again after a restart. */
export function describeHypervisor(
  name: string,
  open: () => Promise<{ readonly driver: HypervisorDriver; readonly reopen: () => Promise<HypervisorDriver> }>,
): void {
  describe(`the contract of a hypervisor: ${name}`, () => {
    let driver: HypervisorDriver;
    let reopen: () => Promise<HypervisorDriver>;
    let permit: Awaited<ReturnType<typeof permits>>;

    beforeEach(async () => {
      ({ driver, reopen } = await open());
      permit = await permits();
    });
    const start = async (): Promise<void> => driver.start(spec, await permit(uuid, 'start'));

    test('the machine has memory and processors, whatever runs on it', async () => {
      const before = await driver.capacity();
      expect(before.memoryBytes).toBeGreaterThan(1 << 20);
      expect(before.processors).toBeGreaterThanOrEqual(1);
      await start();
      expect(await driver.capacity()).toEqual(before);
    });

    test('a domain starts with its disks, and starting it again changes nothing', async () => {
      await start();
      await start();
      expect(await driver.domains()).toEqual(new Map([[uuid, 'running']]));
      expect(await driver.disksOf(uuid)).toEqual([disk.id]);
    });

    test('nothing starts or is restored without a permit of the monitor for that VM and that transition', async () => {
      const forged = { vm: uuid, transition: 'start', label: 'x', ssidref: 1, valid: true } as unknown as Permit;
      expect(await codeOf(driver.start(spec, forged))).toBe('driver_failed');
      expect(await codeOf(driver.start(spec, await permit(other, 'start')))).toBe('driver_failed');
      expect(await codeOf(driver.start(spec, await permit(uuid, 'resume')))).toBe('driver_failed');
      const revoked = await permit(uuid, 'start');
      revoked.revoke();
      expect(await codeOf(driver.start(spec, revoked))).toBe('driver_failed');
      await start();
      await driver.save(uuid);
      expect(await codeOf(driver.restore(spec, await permit(uuid, 'start')))).toBe('driver_failed');
      expect(await driver.stateOf(uuid)).toBe('saved');
    });

    test('pause and unpause, stop and shut down are idempotent', async () => {
      await start();
      for (let n = 0; n < 2; n++) await driver.pause(uuid);
      expect(await driver.stateOf(uuid)).toBe('paused');
      for (let n = 0; n < 2; n++) await driver.unpause(uuid);
      expect(await driver.stateOf(uuid)).toBe('running');
      for (let n = 0; n < 2; n++) await driver.shutDown(uuid);
      expect(await driver.stateOf(uuid)).toBe('off');
      await start();
      await driver.pause(uuid);
      for (let n = 0; n < 2; n++) await driver.stop(uuid);
      expect(await driver.domains()).toEqual(new Map());
      expect(await driver.disksOf(uuid)).toEqual([]);
    });

    test('a saved domain runs on when it is restored, also if it was paused', async () => {
      await start();
      await driver.pause(uuid);
      for (let n = 0; n < 2; n++) await driver.save(uuid);
      expect(await driver.stateOf(uuid)).toBe('saved');
      for (let n = 0; n < 2; n++) await driver.restore(spec, await permit(uuid, 'resume'));
      expect(await driver.stateOf(uuid)).toBe('running');
      expect(await driver.disksOf(uuid)).toEqual([disk.id]);
    });

    test('what was saved can be thrown away, and cannot be booted over', async () => {
      await start();
      await driver.save(uuid);
      expect(await codeOf(driver.start(spec, await permit(uuid, 'start')))).toBe('driver_failed');
      for (let n = 0; n < 2; n++) await driver.discardSaved(uuid);
      expect(await driver.stateOf(uuid)).toBe('off');
      expect(await codeOf(driver.restore(spec, await permit(uuid, 'resume')))).toBe('driver_failed');
    });

    test('what a state does not allow fails', async () => {
      expect(await codeOf(driver.pause(uuid))).toBe('driver_failed');
      expect(await codeOf(driver.save(uuid))).toBe('driver_failed');
      expect(await codeOf(driver.attachDisk(uuid, more))).toBe('driver_failed');
      await start();
      expect(await codeOf(driver.discardSaved(uuid))).toBe('driver_failed');
    });

    test('disks come and go while a domain runs', async () => {
      await start();
      for (let n = 0; n < 2; n++) await driver.attachDisk(uuid, more);
      expect([...(await driver.disksOf(uuid))].sort()).toEqual([disk.id, more.id]);
      for (let n = 0; n < 2; n++) await driver.detachDisk(uuid, disk.id);
      expect(await driver.disksOf(uuid)).toEqual([more.id]);
    });

    describe('with a second host', () => {
      let there: HypervisorDriver;

      beforeEach(async () => {
        there = (await open()).driver;
      });
      const bring = async (): Promise<Uint8Array> => {
        const address = await there.prepareIncoming(spec, await permit(uuid, 'migrate_in'));
        return driver.sendOut(uuid, address);
      };

      test('a domain goes over with its memory and its disks, and stands still on both sides until one lets it go on', async () => {
        await start();
        await driver.attachDisk(uuid, more);
        const grown = { ...spec, disks: [disk, more] };
        const address = await there.prepareIncoming(grown, await permit(uuid, 'migrate_in'));
        const memory = await driver.sendOut(uuid, address);
        expect(await driver.stateOf(uuid)).toBe('paused');
        for (let n = 0; n < 2; n++) await there.receive(grown, memory, await permit(uuid, 'migrate_in'));
        expect(await there.stateOf(uuid)).toBe('paused');
        expect([...(await there.disksOf(uuid))].sort()).toEqual([disk.id, more.id]);
        await driver.stop(uuid);
        await there.unpause(uuid);
        expect([await driver.stateOf(uuid), await there.stateOf(uuid)]).toEqual(['off', 'running']);
      });

      test('it is the same domain, not one that booted: what it sends on is what came', async () => {
        await start();
        const memory = await bring();
        expect(await driver.sendOut(uuid, '')).toEqual(memory);
        await there.receive(spec, memory, await permit(uuid, 'migrate_in'));
        expect(await there.sendOut(uuid, '')).toEqual(memory);
        await driver.stop(uuid);
        await start();
        expect(await driver.sendOut(uuid, '')).not.toEqual(memory);
      });

      test('a domain that was sent can go on where it was', async () => {
        await start();
        await bring();
        await driver.unpause(uuid);
        expect(await driver.stateOf(uuid)).toBe('running');
        await there.stop(uuid).catch(() => undefined);
        expect(await there.stateOf(uuid)).toBe('off');
      });

      test('nothing comes without a permit to migrate in, and nothing that cannot be read', async () => {
        await start();
        expect(await codeOf(there.prepareIncoming(spec, await permit(uuid, 'start')))).toBe('driver_failed');
        const memory = await bring();
        expect(await codeOf(there.receive(spec, memory, await permit(uuid, 'start')))).toBe('driver_failed');
        expect(await codeOf(there.receive(spec, memory, await permit(other, 'migrate_in')))).toBe('driver_failed');
        const revoked = await permit(uuid, 'migrate_in');
        revoked.revoke();
        expect(await codeOf(there.receive(spec, memory, revoked))).toBe('driver_failed');
        const torn = memory.slice(0, -3);
        expect(await codeOf(there.receive(spec, torn, await permit(uuid, 'migrate_in')))).toBe('driver_failed');
        const foreign = { ...spec, uuid: other, name: 'two' };
        expect(await codeOf(there.receive(foreign, memory, await permit(other, 'migrate_in')))).toBe('driver_failed');
        expect(await there.domains()).toEqual(new Map());
      });

      test('what is off or saved has no memory to send, and what is here already does not come again', async () => {
        expect(await codeOf(driver.sendOut(uuid, ''))).toBe('driver_failed');
        await start();
        expect(await codeOf(driver.prepareIncoming(spec, await permit(uuid, 'migrate_in')))).toBe('driver_failed');
        const memory = await bring();
        await driver.unpause(uuid);
        expect(await codeOf(driver.receive(spec, memory, await permit(uuid, 'migrate_in')))).toBe('driver_failed');
        await driver.save(uuid);
        expect(await codeOf(driver.sendOut(uuid, ''))).toBe('driver_failed');
      });
    });

    test('domains outlive the process that started them', async () => {
      await start();
      await driver.start({ ...spec, uuid: other, name: 'two' }, await permit(other, 'start'));
      await driver.save(other);
      const again = await reopen();
      expect(await again.domains()).toEqual(
        new Map([
          [uuid, 'running'],
          [other, 'saved'],
        ]),
      );
      expect(await again.disksOf(uuid)).toEqual([disk.id]);
    });
  });
}

/** What every network driver keeps to. */
export function describeNetwork(name: string, open: () => Promise<NetworkDriver>): void {
  describe(`the contract of a network: ${name}`, () => {
    const port = { id: 'p0000000-0000-4000-8000-000000000001', mac: '02:00:00:00:00:01' };
    const second = { id: 'p0000000-0000-4000-8000-000000000002', mac: '02:00:00:00:00:02' };

    test('a VLAN has one bridge with one name', async () => {
      const network = await open();
      const bridge = await network.ensureBridge(100);
      expect(await network.ensureBridge(100)).toBe(bridge);
      expect(await network.ensureBridge(200)).not.toBe(bridge);
      await network.removeBridge(100);
      await network.removeBridge(100);
      await network.removeBridge(200);
    });

    test('a port is on one VLAN, where it was connected last', async () => {
      const network = await open();
      await network.ensureBridge(100);
      await network.ensureBridge(200);
      for (let n = 0; n < 2; n++) await network.connect(port, 100);
      expect(await network.connections()).toEqual([{ portId: port.id, vlanId: 100 }]);
      await network.connect(port, 200);
      await network.connect(second, 200);
      expect(new Set((await network.connections()).map((item) => item.vlanId))).toEqual(new Set([200]));
      for (let n = 0; n < 2; n++) await network.disconnect(port.id);
      expect(await network.connections()).toEqual([{ portId: second.id, vlanId: 200 }]);
      await network.disconnect(second.id);
    });

    test('no port without a bridge, no bridge taken away from a port', async () => {
      const network = await open();
      expect(await codeOf(network.connect(port, 300))).toBe('driver_failed');
      await network.ensureBridge(300);
      await network.connect(port, 300);
      expect(await codeOf(network.removeBridge(300))).toBe('driver_failed');
      await network.disconnect(port.id);
      await network.removeBridge(300);
    });
  });
}

/** What every storage driver keeps to. `write` and `read` reach the content as a guest would. */
export function describeStorage(
  name: string,
  open: () => Promise<{
    readonly storage: StorageDriver;
    write(resource: string, text: string): Promise<void>;
    read(resource: string): Promise<Uint8Array>;
  }>,
): void {
  describe(`the contract of storage: ${name}`, () => {
    test('a volume is where it was announced, once, with the size asked for and nothing in it', async () => {
      const { storage, read } = await open();
      const resource = await storage.create(uuid, 1_500_000);
      expect(resource).toBe(storage.locate(uuid));
      expect(resource).toMatch(/^(file|phy|tap):/);
      expect(await storage.exists(resource)).toBe(true);
      const content = await read(resource);
      expect(content.length).toBe(1_500_000);
      expect(content.every((byte) => byte === 0)).toBe(true);
    });

    test('there is a place with some room before there is a volume, and it does not shrink with one', async () => {
      const { storage } = await open();
      const before = await storage.capacity();
      expect(before).toBeGreaterThan(1n << 20n);
      await storage.create(uuid, 1 << 20);
      expect(await storage.capacity()).toBe(before);
    });

    test('making it again keeps what is in it', async () => {
      const { storage, write, read } = await open();
      const resource = await storage.create(uuid, 4096);
      await write(resource, 'secret');
      await storage.create(uuid, 4096);
      expect(Buffer.from(await read(resource)).toString('latin1')).toMatch(/^secret/);
    });

    test('erasing leaves nothing and tells how far it is, up to 1', async () => {
      const { storage, write, read } = await open();
      const resource = await storage.create(uuid, 2_500_001);
      await write(resource, 'secret');
      const shares: number[] = [];
      await storage.erase(resource, { ...unwatched, progress: (share) => shares.push(share) });
      const content = await read(resource);
      expect(content.length).toBe(2_500_001);
      expect(content.every((byte) => byte === 0)).toBe(true);
      expect(shares.at(-1)).toBe(1);
      expect([...shares].sort((a, b) => a - b)).toEqual(shares);
    });

    test('erasing that is ended on request throws the reason and can be done again', async () => {
      const { storage, write, read } = await open();
      const resource = await storage.create(uuid, 2_500_001);
      await write(resource, 'secret');
      const stop = new AbortController();
      const reason = new Error('enough');
      stop.abort(reason);
      await expect(storage.erase(resource, { ...unwatched, signal: stop.signal })).rejects.toBe(reason);
      expect(Buffer.from(await read(resource)).toString('latin1')).toMatch(/^secret/);
      await storage.erase(resource, unwatched);
      expect((await read(resource)).every((byte) => byte === 0)).toBe(true);
    });

    test('a copy has the content and is a volume of its own', async () => {
      const { storage, write, read } = await open();
      const resource = await storage.create(uuid, 4096);
      await write(resource, 'first');
      const copy = await storage.copy(resource, other);
      expect(copy).toBe(storage.locate(other));
      await write(resource, 'other');
      expect(Buffer.from(await read(copy)).toString('latin1')).toMatch(/^first/);
    });

    test('removing is idempotent; what is not there cannot be erased or copied', async () => {
      const { storage } = await open();
      const resource = await storage.create(uuid, 4096);
      for (let n = 0; n < 2; n++) await storage.remove(resource);
      expect(await storage.exists(resource)).toBe(false);
      expect(await codeOf(storage.erase(resource, unwatched))).toBe('driver_failed');
      expect(await codeOf(storage.copy(resource, other))).toBe('driver_failed');
    });

    test('names that are not of this driver are refused', async () => {
      const { storage } = await open();
      expect(await codeOf(storage.remove('vlan:100'))).toBe('driver_failed');
    });
  });
}
