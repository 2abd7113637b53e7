import { readFileSync } from 'node:fs';
import { samplePolicies, writePolicyJson } from '../../src/acm/index.js';

test('the policy beside the documents is the one of the sample datacenter', () => {
  const document = readFileSync(new URL('../../docs/sample-policy.json', import.meta.url), 'utf8');
  expect(JSON.parse(document)).toEqual(JSON.parse(writePolicyJson(samplePolicies['tvdc-sample 1.0'])));
});
