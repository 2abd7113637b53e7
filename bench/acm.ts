import {
  compilePolicy,
  ConflictCounts,
  encodePolicyBinary,
  HostState,
  judgeUpdate,
  parsePolicyJson,
  parsePolicyXml,
  policyToJson,
  ReferenceMonitor,
  validatePolicy,
  writePolicyXml,
  type AssignedLabel,
  type LabelView,
} from '../src/acm/index.js';
import { createMemoryStore } from '../src/store/index.js';

const typeCount = Number(process.env['BENCH_TYPES'] ?? 1000);
const labelCount = Number(process.env['BENCH_LABELS'] ?? 10_000);
const vmCount = Number(process.env['BENCH_VMS'] ?? 10_000);

const types = Array.from({ length: typeCount }, (_, at) => `type-${at}`);
const pick = (at: number): string => types[at % typeCount] as string;

/** Labels with one to four types over the whole width; every ten types are one conflict set, the last two hundred in none. */
const policyJson = (minor: number) => ({
  name: 'bench',
  version: `1.${minor}`,
  from_policy: minor === 0 ? null : { name: 'bench', version: `1.${minor - 1}` },
  ste_types: types,
  chwall_types: types,
  conflict_sets: Array.from({ length: Math.floor((typeCount - 200) / 10) }, (_, at) => ({
    name: `set-${at}`,
    types: types.slice(at * 10, at * 10 + 10),
  })),
  bootstrap: 'system',
  vm_labels: [
    { name: 'system', ste: types, chwall: [] },
    ...Array.from({ length: labelCount - 1 }, (_, at) => ({
      name: `label-${at}`,
      ste: Array.from(new Set([pick(at), ...(at % 4 > 0 ? [pick(typeCount - 200 + (at % 200))] : [])])),
      chwall: [pick(at)],
    })),
  ],
  resource_labels: types.map((type) => ({ name: type, ste: [type] })),
});

function report(what: string, count: number, milliseconds: number): void {
  const rate = Math.round((count / milliseconds) * 1000).toLocaleString('en');
  console.log(`${what.padEnd(64)} ${rate.padStart(14)} /s ${milliseconds.toFixed(1).padStart(9)} ms`);
}

function timed<T>(what: string, count: number, work: () => T): T {
  const started = performance.now();
  const result = work();
  report(what, count, performance.now() - started);
  return result;
}

console.log(`${typeCount} types, ${labelCount} labels, ${vmCount} running VMs`);
const text = JSON.stringify(policyJson(0));
const document = timed('read the policy, JSON', 1, () => parsePolicyJson(text));
const xml = timed('write it as XML', 1, () => writePolicyXml(document));
timed(`read the policy, XML (${(xml.length / 1e6).toFixed(1)} MB)`, 1, () => parsePolicyXml(xml));
const binary = timed('write its binary form', 1, () => encodePolicyBinary(document));
console.log(`  binary form: ${(binary.length / 1e6).toFixed(1)} MB`);
timed('validate', 1, () => validatePolicy(document));
const policy = timed('compile', 1, () => compilePolicy(document));
console.log(`  compiled form: ${(policy.size / 1e6).toFixed(2)} MB`);

const rows = 4096;
const rowAt = (seed: number): number => 1 + ((Math.imul(seed, 2_654_435_761) >>> 0) % (policy.vmNames.length - 1));
const left = Uint32Array.from({ length: rows }, (_, at) => rowAt(at));
const right = Uint32Array.from({ length: rows }, (_, at) => rowAt(at + rows * 7));
const { ste } = policy;
const share = (rounds: number): number => {
  let permits = 0;
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < rows; at++)
      if (ste.meet(left[at] as number, right[(at + round) & (rows - 1)] as number)) permits++;
  }
  return permits;
};
share(500);
const permits = timed('sharing decisions', 5000 * rows, () => share(5000));
console.log(`  of them permitted: ${((100 * permits) / (5000 * rows)).toFixed(2)} %`);
const system = policy.bootstrap;
const superset = (rounds: number): number => {
  let count = 0;
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < rows; at++) if (ste.covers(system, left[at] as number)) count++;
  }
  return count;
};
superset(500);
timed('superset decisions', 3000 * rows, () => superset(3000));

const counts = new ConflictCounts(policy);
const place = new Uint32Array(1024);
const wall = (rounds: number): number => {
  let decisions = 0;
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < rows; at++, decisions++) {
      // Whoever held the place leaves; the newcomer gets it if nothing runs against it.
      const slot = at & 1023;
      if (place[slot] !== 0) counts.remove(place[slot] as number);
      const row = left[at] as number;
      place[slot] = counts.admits(row) ? row : 0;
      if (place[slot] !== 0) counts.add(row);
    }
  }
  return decisions;
};
wall(50);
timed('Chinese Wall admissions (decide, count, leave)', 500 * rows, () => wall(500));

/** VMs that may run together: one type of each conflict set, and the types of none. */
const compatible = Array.from({ length: labelCount - 1 }, (_, at) => at).filter((at) => {
  const type = at % typeCount;
  return type >= typeCount - 200 || type % 10 === 0;
});
const assigned = new Map<string, AssignedLabel>();
for (let at = 0; at < vmCount; at++) {
  const label = `label-${compatible[at % compatible.length] ?? 0}`;
  assigned.set(`vm-${at}`, { policy: 'bench', label, state: 'valid' });
}
const labels: LabelView = {
  vm: (vm) => assigned.get(vm),
  resource: () => undefined,
  *vms() {
    for (const [vm, label] of assigned) yield { vm, ...label };
  },
  resources: () => [],
};
const host = new HostState(policy, { labels });
for (const [vm, { label }] of assigned) host.place(vm, policy.vmRow(label) ?? 0, 'running');
const next = parsePolicyJson(policyJson(1));
const update = timed(`judge an update against ${vmCount} running VMs`, 1, () => judgeUpdate(host, next));
console.log(`  ${update.decision.reason}`);
const clash = policyJson(1);
clash.conflict_sets.push({ name: 'clash', types: types.slice(-2) });
const refusedUpdate = timed('judge one that breaks the rules', 1, () => judgeUpdate(host, parsePolicyJson(clash)));
console.log(`  ${refusedUpdate.decision.reason}, ${refusedUpdate.decision.violations?.length ?? 0} violations`);

const store = createMemoryStore();
const monitor = await ReferenceMonitor.open({ store });
const renamed = policyJson(0);
renamed.vm_labels[0] = { name: 'system', ste: types, chwall: [], ...{ from: 'SystemManagement' } };
let started = performance.now();
const enabled = await monitor.update(parsePolicyJson(renamed));
report(`store and enforce (${enabled.reason})`, 1, performance.now() - started);
await store.transaction((tx) => {
  for (const [vm, { label }] of assigned) monitor.changeLabelIn(tx, { element: { kind: 'vm', vm }, label });
});
for (const round of ['cold', 'warm']) {
  started = performance.now();
  const reservations = await Promise.all([...assigned.keys()].map((vm) => monitor.admit(vm, { kind: 'start' })));
  for (const { reservation } of reservations) reservation?.commit();
  report(`whole admissions with permit and explained decision, ${round}`, vmCount, performance.now() - started);
  for (const vm of assigned.keys()) monitor.left(vm);
}
const question = { hook: 'sharing', subject: 'vm-1', object: 'vm-2' } as const;
for (let at = 0; at < 20_000; at++) monitor.ask(question);
timed('explained sharing decisions', 200_000, () => {
  for (let at = 0; at < 200_000; at++) monitor.ask(question);
});
console.log(
  `JSON form: ${Object.keys(policyToJson(document)).length} fields; resident ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
);
