import { samplePolicies, writePolicyJson } from '../../src/acm/index.js';
import {
  attachDisk,
  changeLabel,
  connectVlan,
  createVlan,
  createVolume,
  deployPolicy,
  enablePolicy,
  type HostParts,
  importPolicy,
  InvalidPolicyError,
  RefusedError,
  resetPolicy,
  setSystemLabel,
  startVm,
  stopVm,
} from '../../src/vmm/index.js';
import { actor, codeOf, define, faultsOf, openHost, type TestHost } from './support/host.js';

/** Reason of a refusal; `permit` if there was none. */
async function answer(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'permit';
  } catch (error) {
    if (error instanceof RefusedError) return error.decision.reason;
    throw error;
  }
}

async function enable(parts: HostParts, version: '1.0' | '1.1'): Promise<string> {
  const text = writePolicyJson(samplePolicies[`tvdc-sample ${version}`]);
  await importPolicy(parts, actor, text, 'json');
  await deployPolicy(parts, actor, 'tvdc-sample', version);
  return answer(enablePolicy(parts, actor, 'tvdc-sample', version));
}

async function sampleHost(): Promise<{ readonly host: TestHost; readonly ids: Readonly<Record<string, string>> }> {
  const host = await openHost();
  const { parts } = host;
  expect(await enable(parts, '1.0')).toBe('permit');
  const ids: Record<string, string> = {};
  for (const [name, label] of [
    ['ma-disk', 'MA'],
    ['su-disk', 'SU'],
    ['su-spare', 'SU'],
  ] as const) {
    ids[name] = (await createVolume(parts, actor, name, 512)).uuid;
    await changeLabel(parts, actor, { kind: 'volume', uuid: ids[name] }, label);
  }
  for (const [id, label] of [
    [100, 'MA'],
    [200, 'SU'],
  ] as const) {
    await createVlan(parts, actor, id, label);
    await changeLabel(parts, actor, { kind: 'vlan', id }, label);
  }
  ids['ma-1'] = (await define(parts, 'ma-1', 'MA', { volumes: [ids['ma-disk'] ?? ''] })).uuid;
  ids['su-1'] = (await define(parts, 'su-1', 'SU', { volumes: [ids['su-disk'] ?? ''] })).uuid;
  ids['ms-1'] = (await define(parts, 'ms-1', 'MS')).uuid;
  return { host, ids };
}

test('the fifteen events of the sample policy get their answers', async () => {
  const { host, ids } = await sampleHost();
  const { parts } = host;
  const ma = ids['ma-1'] ?? '';
  const su = ids['su-1'] ?? '';
  const start = (vm: string): Promise<string> => answer(startVm(parts, actor, vm));

  expect(await start(ma)).toBe('permit');
  expect(await start(su)).toBe('permit');
  expect(parts.monitor.communicate('Domain-0', ma)).toMatchObject({ permit: true, common: ['MA'] });
  expect(parts.monitor.communicate('Domain-0', su)).toMatchObject({ permit: true, common: ['SU'] });
  expect(parts.monitor.communicate(ma, su)).toMatchObject({ permit: false, reason: 'no_common_type' });
  expect(await answer(attachDisk(parts, actor, ma, ids['su-spare'] ?? ''))).toBe('no_common_type');
  expect(await answer(attachDisk(parts, actor, su, ids['su-spare'] ?? ''))).toBe('permit');
  expect(await answer(connectVlan(parts, actor, ma, 100))).toBe('permit');
  expect(await answer(connectVlan(parts, actor, ma, 200))).toBe('no_common_type');
  expect(await start(ids['ms-1'] ?? '')).toBe('not_authorized');
  expect(await faultsOf(host)).toEqual([]);

  const update = await enablePolicy1(parts);
  expect(update?.decision.reason).toBe('running_domains_violate');
  expect(update?.message).toMatch(/ma-1.*su-1|su-1.*ma-1/);
  expect(parts.monitor.policy.version).toBe('1.0');

  await stopVm(parts, actor, su);
  expect(await enable(parts, '1.1')).toBe('permit');
  const refused = await startVm(parts, actor, su).catch((error: unknown) => error as RefusedError);
  expect(refused).toMatchObject({ decision: { reason: 'conflict', conflict: { set: 'MA-SU', with: [ma] } } });
  await stopVm(parts, actor, ma);
  expect(await start(su)).toBe('permit');
  expect(await answer(setSystemLabel(parts, actor, 'HostMA'))).toBe('running_domains_violate');
  await stopVm(parts, actor, su);
  expect(await answer(setSystemLabel(parts, actor, 'HostMA'))).toBe('permit');
  expect(await start(su)).toBe('not_authorized');
  expect(await start(ma)).toBe('permit');
  expect(await faultsOf(host)).toEqual([]);
});

async function enablePolicy1(parts: HostParts): Promise<RefusedError | null> {
  await importPolicy(parts, actor, writePolicyJson(samplePolicies['tvdc-sample 1.1']), 'json');
  await deployPolicy(parts, actor, 'tvdc-sample', '1.1');
  return enablePolicy(parts, actor, 'tvdc-sample', '1.1').then(
    () => null,
    (error: unknown) => error as RefusedError,
  );
}

test('a refusal is in the journal before it is told, and told with the same id', async () => {
  const { host, ids } = await sampleHost();
  const { parts, events } = host;
  const refused = await startVm(parts, { user: 'mallory' }, ids['ms-1'] ?? '').catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(RefusedError);
  const { decisionId, messageId } = refused as RefusedError;
  expect(parts.journal.get(decisionId ?? '')).toMatchObject({
    kind: 'decision',
    actor: 'mallory',
    subject: ids['ms-1'],
    facts: { decision: 'deny', reason: 'not_authorized', rule: 'system-superset' },
  });
  expect(events.at(-1)).toMatchObject({ kind: 'denied', recordId: decisionId, messageId, element: ids['ms-1'] });
});

test('admissions, releases, label and policy changes are in the journal with their decisions', async () => {
  const { host, ids } = await sampleHost();
  const { parts } = host;
  const ma = ids['ma-1'] ?? '';
  await startVm(parts, actor, ma);
  await stopVm(parts, actor, ma);
  const { entries } = parts.journal.read({ limit: 1000 });
  const facts = entries.map(({ kind, facts: { transition, change, decision } }) =>
    JSON.stringify([kind, transition ?? change, decision ?? 'none']),
  );
  expect(facts).toEqual(
    expect.arrayContaining([
      '["policy","enable","permit"]',
      '["label","assign label","permit"]',
      '["decision","start","permit"]',
      '["transition","stop","none"]',
      '["transition","define","none"]',
    ]),
  );
  expect(await parts.journal.verify()).toMatchObject({ kind: 'intact' });
});

test('a policy that is not valid is stored nowhere and its findings come back', async () => {
  const { parts } = await openHost();
  const text = JSON.stringify({ name: 'p', version: '1.0', ste_types: [], chwall_types: [], vm_labels: [] });
  await expect(importPolicy(parts, actor, text, 'json')).rejects.toBeInstanceOf(InvalidPolicyError);
  expect(parts.monitor.policies.list()).toEqual([]);
  expect(parts.journal.head().sequence).toBe(0);
});

test('importing and deploying what is there already tells nothing', async () => {
  const { host } = await sampleHost();
  const text = writePolicyJson(samplePolicies['tvdc-sample 1.0']);
  const told = host.events.length;
  await importPolicy(host.parts, actor, text, 'json');
  expect(host.events.length).toBe(told);
});

test('back to DEFAULT is refused while a VM of the policy runs', async () => {
  const { host, ids } = await sampleHost();
  await startVm(host.parts, actor, ids['ma-1'] ?? '');
  expect(await answer(resetPolicy(host.parts, actor))).toBe('running_domains_violate');
  await stopVm(host.parts, actor, ids['ma-1'] ?? '');
  expect(await answer(resetPolicy(host.parts, actor))).toBe('permit');
  expect(await codeOf(startVm(host.parts, actor, ids['ma-1'] ?? ''))).toBe('refused');
});

test('a policy that is in force stays so, and is told, when the host cannot measure it', async () => {
  const { parts, log, events } = await openHost(
    {},
    {
      change: (base) => ({
        boot: Object.assign(Object.create(base.boot) as HostParts['boot'], {
          extendIsolation: () => Promise.reject(new Error('the TPM is gone')),
        }),
      }),
    },
  );
  expect(await enable(parts, '1.0')).toBe('permit');
  expect(parts.monitor.policy.version).toBe('1.0');
  expect(events.at(-1)).toMatchObject({ kind: 'policy-changed', change: 'enable' });
  expect(log.entries.at(-1)).toMatchObject({ level: 'error', event: 'policy not measured' });
});
