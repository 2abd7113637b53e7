import { samplePolicies, writePolicyJson } from '../../acm/index.js';
import type { CimInstancePath } from '../../cim/index.js';
import type { ManagedHost } from '../../client/management/index.js';
import type { DemoProgress, DemoStep } from './report.js';
import { asOutcome, attempt, Scene } from './scene.js';

const datacenter = 'tvdc';

/** Who acts in the scenario. */
export interface IsolationCast {
  /** The datacenter administrator's view of the host. */
  readonly admin: ManagedHost;
  /** The TVDc administrator's view of the same host. */
  readonly operator: ManagedHost;
  readonly operatorName: string;
}

/** Section 3.1: one policy for a group of hosts, labels by another administrator, decisions by the reference monitor. */
export async function showIsolation(cast: IsolationCast, progress: DemoProgress): Promise<readonly DemoStep[]> {
  const scene = new Scene('isolation', progress);
  await prepareDatacenter(scene, cast);
  const policy11 = await firstPolicy(scene, cast);
  await antiCollocation(scene, cast, policy11);
  await systemLabel(scene, cast);
  await forbidden(scene, cast);
  return scene.steps;
}

async function importPolicy(host: ManagedHost, name: keyof typeof samplePolicies): Promise<CimInstancePath> {
  const { policy } = await host.importPolicy(writePolicyJson(samplePolicies[name]), 'json');
  await host.deployPolicy(policy);
  return policy;
}

async function prepareDatacenter(scene: Scene, { admin, operator, operatorName }: IsolationCast): Promise<void> {
  await scene.prepare(
    'discover the management VM',
    () => admin.system(),
    (host) =>
      `${host.getString('ElementName') ?? ''} (${host.getString('Name') ?? ''}), policy ${host.getString('EnforcedPolicy') ?? ''}`,
  );
  await scene.prepare(
    'group it as a virtual datacenter',
    () => admin.joinDatacenter(datacenter),
    () => datacenter,
  );
  await scene.prepare(
    'import, deploy and enable the policy',
    async () => admin.enablePolicy(await importPolicy(admin, 'tvdc-sample 1.0')),
    (sentence) => sentence,
  );
  await scene.prepare(
    'make a Trusted Virtual Domain of each workload',
    async () => {
      for (const [name, type] of [
        ['Market Analysis', 'MA'],
        ['Security Underwriting', 'SU'],
        ['Marketing', 'MS'],
      ] as const) {
        await admin.createDomain(name, datacenter, [type]);
      }
    },
    () => 'Market Analysis (MA), Security Underwriting (SU), Marketing (MS)',
  );
  const handedOut = [
    ['ma-1-disk', 'MA'],
    ['ma-2-disk', 'MA'],
    ['su-1-disk', 'SU'],
    ['ms-1-disk', 'MS'],
    ['spare-disk', 'MA'],
    ['vlan:100', 'MA'],
    ['vlan:200', 'SU'],
  ] as const;
  await scene.prepare(
    'hand out disks and VLANs to the workloads',
    async () => {
      for (const [element, label] of handedOut) await admin.assignLabel(element, label, '');
    },
    () => handedOut.map(([element, label]) => `${element} ${label}`).join(', '),
  );
  await scene.prepare(
    'authorize the TVDc administrator',
    () => admin.grantRole(operatorName, 'tvdc-admin', datacenter, []),
    () => `${operatorName} may assign labels and start and stop in ${datacenter}`,
  );
  const labelled = [
    ['ma-1', 'MA'],
    ['ma-2', 'MA'],
    ['su-1', 'SU'],
    ['ms-1', 'MS'],
  ] as const;
  await scene.prepare(
    'the TVDc administrator assigns labels to VMs and to a resource',
    async () => {
      for (const [vm, label] of labelled) await operator.assignLabel(vm, label, '');
      await operator.assignLabel('spare-disk', 'SU', 'ACM:tvdc-sample:MA');
    },
    () => `${labelled.map(([vm, label]) => `${vm} ${label}`).join(', ')}, spare-disk SU`,
  );
}

async function firstPolicy(scene: Scene, { admin, operator }: IsolationCast): Promise<CimInstancePath> {
  const start = (vm: string) => () => attempt(admin, () => operator.requestState(vm, 'start'));
  await scene.decide('1', 'start ma-1 (MA)', { permit: true }, start('ma-1'));
  await scene.decide('2', 'start su-1 (SU)', { permit: true }, start('su-1'));
  const share = (subject: string, object: string) => async () =>
    asOutcome(await admin.evaluate({ hook: 'sharing', subject, object }));
  await scene.decide(
    '3',
    'Figure 3 case 1: management VM and ma-1 communicate',
    { permit: true, reason: 'common_type' },
    share('Domain-0', 'ma-1'),
  );
  await scene.decide(
    '4',
    'Figure 3 case 2: management VM and su-1 communicate',
    { permit: true, reason: 'common_type' },
    share('Domain-0', 'su-1'),
  );
  await scene.decide(
    '5',
    'Figure 3 case 3: ma-1 and su-1 communicate',
    { permit: false, reason: 'no_common_type' },
    share('ma-1', 'su-1'),
  );
  const disk = (subject: string, object: string) => async () =>
    asOutcome(await admin.evaluate({ hook: 'resource', subject, object }));
  await scene.decide(
    '6',
    'Figure 3 case 4: su-1 uses a disk of SU',
    { permit: true, reason: 'common_type' },
    disk('su-1', 'su-1-disk'),
  );
  await scene.decide(
    '7',
    'Figure 3 case 5: ma-1 uses a disk of SU',
    { permit: false, reason: 'no_common_type' },
    disk('ma-1', 'su-1-disk'),
  );
  const vlan = (object: string) => async () =>
    asOutcome(await admin.evaluate({ hook: 'vlan', subject: 'ma-1', object }));
  await scene.decide('8', 'ma-1 joins vlan:100 (MA)', { permit: true, reason: 'common_type' }, vlan('vlan:100'));
  await scene.decide('8', 'ma-1 joins vlan:200 (SU)', { permit: false, reason: 'no_common_type' }, vlan('vlan:200'));
  await scene.decide(
    '9',
    'start ms-1 (MS): the host is not labelled for it',
    { permit: false, reason: 'not_authorized' },
    start('ms-1'),
  );
  return scene.prepare(
    'import and deploy policy 1.1 with anti-collocation',
    () => importPolicy(admin, 'tvdc-sample 1.1'),
    () => 'conflict set MA-SU',
  );
}

async function antiCollocation(
  scene: Scene,
  { admin, operator }: IsolationCast,
  policy: CimInstancePath,
): Promise<void> {
  const enable = () => attempt(admin, () => admin.enablePolicy(policy));
  const start = (vm: string) => () => attempt(admin, () => operator.requestState(vm, 'start'));
  await scene.decide(
    '10',
    'enable 1.1 while both workloads run',
    { permit: false, reason: 'running_domains_violate', mentions: ['ma-1', 'su-1'] },
    enable,
  );
  await scene.prepare('stop su-1', () => operator.requestState('su-1', 'stop'));
  await scene.decide('11', 'enable 1.1', { permit: true }, enable);
  await scene.decide(
    '12',
    'start su-1 beside ma-1',
    { permit: false, reason: 'conflict', mentions: ['MA-SU', 'ma-1'] },
    start('su-1'),
  );
  await scene.prepare('stop ma-1', () => operator.requestState('ma-1', 'stop'));
  await scene.decide('13', 'start su-1 alone', { permit: true }, start('su-1'));
}

async function systemLabel(scene: Scene, { admin, operator }: IsolationCast): Promise<void> {
  const relabel = () => attempt(admin, () => admin.setSystemLabel('HostMA'));
  const start = (vm: string) => () => attempt(admin, () => operator.requestState(vm, 'start'));
  await scene.decide(
    '14',
    'label the host HostMA while su-1 runs',
    { permit: false, reason: 'running_domains_violate', mentions: ['su-1'] },
    relabel,
  );
  await scene.prepare('stop su-1', () => operator.requestState('su-1', 'stop'));
  await scene.decide('15', 'label the host HostMA', { permit: true }, relabel);
  await scene.decide('15', 'start su-1 on a host for MA', { permit: false, reason: 'not_authorized' }, start('su-1'));
  await scene.decide('15', 'start ma-1 on a host for MA', { permit: true }, start('ma-1'));
}

async function forbidden(scene: Scene, { admin, operator }: IsolationCast): Promise<void> {
  await scene.decide(
    '',
    'the TVDc administrator tries to change the policy',
    { permit: false, status: 2, reason: 'not_authorized' },
    () =>
      attempt(admin, async () => {
        await operator.importPolicy(writePolicyJson(samplePolicies['tvdc-sample 1.1']), 'json');
      }),
  );
}
