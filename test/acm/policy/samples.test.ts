import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodePolicyBinary,
  encodePolicyBinary,
  parsePolicyJson,
  parsePolicyXml,
  policyDigests,
  writePolicyMap,
  writePolicyXml,
} from '../../../src/acm/index.js';
import { fromHex, toHex } from '../../../src/base/index.js';
import { describeIf } from '../../support/parts.js';
import { sharedFolder } from '../../support/shared.js';

const shared = sharedFolder();

describeIf(shared !== null, 'no reference data')('policies compiled by the original', () => {
  const read = (name: string): string => readFileSync(join(shared ?? '', 'data', 'acm', name), 'utf8');
  // The two lines with paths belong to an installation.
  const withoutPaths = (map: string): string => map.replace(/^(POLICFILE|BINARYFILE).*$/gm, '$1');

  for (const name of ['DEFAULT', 'paper-tvdc']) {
    const expected = (): Uint8Array => fromHex(read(`${name}.bin.hex`).replace(/\s/g, ''));

    test(`${name}: the XML form gives the original's binary byte for byte`, () => {
      expect(toHex(encodePolicyBinary(parsePolicyXml(read(`${name}.xml`))))).toBe(toHex(expected()));
    });

    test(`${name}: the JSON form gives the original's binary and XML byte for byte`, () => {
      const document = parsePolicyJson(read(`${name}.json`));
      expect(writePolicyXml(document)).toBe(read(`${name}.xml`));
      expect(toHex(encodePolicyBinary(document))).toBe(toHex(expected()));
    });

    test(`${name}: the map file is the original's`, () => {
      const map = writePolicyMap(parsePolicyXml(read(`${name}.xml`)));
      expect(withoutPaths(map)).toBe(withoutPaths(read(`${name}.map`)));
    });

    test(`${name}: the binary reads back to the matrices of the policy`, () => {
      const document = parsePolicyXml(read(`${name}.xml`));
      const binary = decodePolicyBinary(expected());
      expect(binary.name).toBe(document.name);
      expect(binary.sha1).toBe(policyDigests(document).sha1);
      expect(binary.typeEnforcement?.types).toBe(document.steTypes.length);
      expect(binary.chineseWall?.conflictSets).toHaveLength(document.conflictSets.length);
    });
  }
});
