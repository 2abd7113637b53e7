export {
  type FamilyRules,
  type ProvisionedTpm,
  type TpmInHand,
  type VtpmFamily,
  vtpmFamilies,
} from './family.js';
export { family12, readCertificate12 } from './family12.js';
export { rulesOf } from './rules.js';
