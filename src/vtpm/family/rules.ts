import type { FamilyRules, VtpmFamily } from './family.js';
import { family12 } from './family12.js';
import { family20 } from './family20.js';

const rules: Readonly<Record<VtpmFamily, FamilyRules>> = { '1.2': family12, '2.0': family20 };

export function rulesOf(family: VtpmFamily): FamilyRules {
  return rules[family];
}
