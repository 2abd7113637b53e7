import { silentLog } from '../../src/base/index.js';
import { type DemoReport, type DemoStep, openDemo } from '../../src/host/demo/index.js';
import { swtpmAvailable } from '../../src/vtpm/index.js';
import { describeIf } from '../support/parts.js';

async function runDemo(
  vtpm: 'software' | 'swtpm',
): Promise<{ readonly report: DemoReport; readonly told: readonly string[] }> {
  const told: string[] = [];
  const demo = await openDemo({ folder: null, httpPort: 0, vtpm, log: silentLog });
  try {
    const report = await demo.run({ begin: (title) => told.push(title), done: () => undefined });
    return { report, told };
  } finally {
    await demo.close();
  }
}

/** Event, answer, word: the table of the sample scenario. */
const events: readonly (readonly [string, 'permit' | 'deny', string | null])[] = [
  ['1', 'permit', null],
  ['2', 'permit', null],
  ['3', 'permit', 'common_type'],
  ['4', 'permit', 'common_type'],
  ['5', 'deny', 'no_common_type'],
  ['6', 'permit', 'common_type'],
  ['7', 'deny', 'no_common_type'],
  ['8', 'permit', 'common_type'],
  ['8', 'deny', 'no_common_type'],
  ['9', 'deny', 'not_authorized'],
  ['10', 'deny', 'running_domains_violate'],
  ['11', 'permit', null],
  ['12', 'deny', 'conflict'],
  ['13', 'permit', null],
  ['14', 'deny', 'running_domains_violate'],
  ['15', 'permit', null],
  ['15', 'deny', 'not_authorized'],
  ['15', 'permit', null],
];

describe('the demonstration with the software TPM', () => {
  let report: DemoReport;
  let told: readonly string[];

  beforeAll(async () => {
    ({ report, told } = await runDemo('software'));
  });

  test('goes as the paper says, and says so for every step', () => {
    expect(report.steps.filter((step) => !step.asExpected)).toEqual([]);
    expect(report.ok).toBe(true);
    expect(told).toEqual(report.steps.map((step) => step.title));
  });

  test('shows the fifteen events with their answers and words', () => {
    const shown = report.steps.filter((step) => step.event !== null && step.event !== '');
    expect(shown.map(({ event, outcome }) => [event, outcome])).toEqual(
      events.map(([event, outcome]) => [event, outcome]),
    );
    for (const [index, [event, , word]] of events.entries()) {
      if (word !== null) expect([event, shown[index]?.reason]).toEqual([event, word]);
    }
    const sentenceOf = (event: string): string => shown.find((step) => step.event === event)?.sentence ?? '';
    expect(sentenceOf('3')).toContain('{MA}');
    expect(sentenceOf('4')).toContain('{SU}');
    expect(sentenceOf('10')).toContain('ma-1');
    expect(sentenceOf('10')).toContain('su-1');
    expect(sentenceOf('12')).toMatch(/MA-SU/);
  });

  test('ends with a refused change of the policy and one alert for each refusal', () => {
    const last = report.steps.findLast((step: DemoStep) => step.part === 'isolation');
    expect(last).toMatchObject({ outcome: 'deny', reason: 'not_authorized' });
    expect(report.alerts.map((alert) => alert.messageId)).toEqual([
      'TVDC0201',
      'TVDC0204',
      'TVDC0201',
      'TVDC0203',
      'TVDC0201',
      'TVDC0205',
      'TVDC0401',
    ]);
    expect(report.alerts.at(-1)?.message).toContain('ma-2');
  });

  test('trusts the host and the good machine, and names the entry of the bad one', () => {
    expect(Object.fromEntries(report.verdicts.map(({ name, verdict }) => [name, verdict]))).toEqual({
      'demo-host': 'trusted',
      'ma-1': 'trusted',
      'ma-2': 'untrusted',
    });
    expect(report.verdicts.find((verdict) => verdict.name === 'ma-2')?.reasons).toEqual([
      'digest_mismatch /srv/workload/start.sh',
    ]);
  });

  test('is data that JSON keeps', () => {
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});

describeIf(await swtpmAvailable(), 'swtpm is not installed')('the demonstration with swtpm', () => {
  test('goes as the paper says', async () => {
    const { report } = await runDemo('swtpm');
    expect(report.steps.filter((step) => !step.asExpected)).toEqual([]);
    expect(report.verdicts.map(({ verdict }) => verdict).sort()).toEqual(['trusted', 'trusted', 'untrusted']);
  }, 60_000);
});
