import {
  criticalities,
  plannedActions,
  reason,
  reasonRules,
  type Verdict,
  verdictStatuses,
} from '../../src/attestation/index.js';
import { worstStatus } from '../../src/attestation/verdict/index.js';

const proof = { covered: 1, root: 'own_quote' } as const;

test('only a proof makes trusted, and no reason does', () => {
  expect(worstStatus(proof, [])).toBe('trusted');
  expect(worstStatus(null, [])).toBe('unknown');
  expect(worstStatus({ ...proof, covered: 0 }, [])).toBe('unknown');
  for (const code of Object.keys(reasonRules) as (keyof typeof reasonRules)[]) {
    const made = reason(code);
    expect(worstStatus(proof, [made]) === 'trusted').toBe(made.kind === 'note');
  }
});

test('the worst reason decides', () => {
  expect(worstStatus(proof, [reason('not_covered_yet'), reason('unknown_measurement'), reason('violation')])).toBe(
    'untrusted',
  );
  expect(worstStatus(proof, [reason('unknown_measurement'), reason('no_reference_set')])).toBe('no_policy');
});

const verdict = (
  kind: 'host' | 'vm',
  status: Verdict['status'],
  codes: readonly (keyof typeof reasonRules)[],
): Verdict => ({
  id: 'v',
  subject: { kind, uuid: '11111111-1111-4111-8111-111111111111' },
  status,
  reasons: codes.map((code) => reason(code)),
  violations: [],
  issued: 0,
  validUntil: 1,
  mode: 'quoted',
  assurance: 'simulated',
  counters: null,
  covered: 1,
  pending: 0,
  referenceDigest: '',
  policyDigest: '',
  akName: null,
  hostVerdict: null,
  round: null,
});
const kindsOf = (made: Verdict, criticality: (typeof criticalities)[number]): string[] =>
  plannedActions(made, criticality).map(({ kind }) => kind);

test('a trusted VM needs nothing, every other verdict something, at every criticality', () => {
  for (const criticality of criticalities) {
    for (const status of verdictStatuses) {
      expect(kindsOf(verdict('vm', status, []), criticality).length === 0).toBe(status === 'trusted');
    }
  }
});

test('an untrusted VM is restarted or stopped by its criticality, a host never', () => {
  expect(kindsOf(verdict('vm', 'untrusted', ['violation']), 'low')).toContain('restart');
  expect(kindsOf(verdict('vm', 'untrusted', ['violation']), 'critical')).toEqual([
    'raise_alert',
    'notify',
    'quarantine',
    'stop',
  ]);
  expect(kindsOf(verdict('host', 'untrusted', ['violation']), 'critical')).toEqual([
    'raise_alert',
    'notify',
    'block_placement',
  ]);
});

test('a VM is not stopped for what is wrong with its host alone', () => {
  expect(kindsOf(verdict('vm', 'untrusted', ['host_untrusted']), 'critical')).not.toContain('stop');
  expect(kindsOf(verdict('vm', 'untrusted', ['host_untrusted', 'violation']), 'critical')).toContain('stop');
});
