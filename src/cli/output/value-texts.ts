import { type CimInstance, type CimValue, findByName, isCimArray, sameName } from '../../cim/model/index.js';
import { valueMapOf } from '../../cim/schema/index.js';
import type { WbemClient } from '../../client/index.js';
import { valueToJson } from './json.js';
import { toJson } from './output.js';

/** Texts of the properties of instances, for people. */
export interface ValueTexts {
  /** NULL is an empty text. */
  textOf(instance: CimInstance, property: string, value: CimValue): Promise<string>;
}

function plain(value: CimValue): string {
  const json = valueToJson(value);
  if (json === null) return '';
  if (Array.isArray(json)) return json.map((item) => toJson(item)).join(',');
  return toJson(json);
}

/** Values as they are. */
export const plainTexts: ValueTexts = { textOf: async (_instance, _property, value) => plain(value) };

function withMeaning(value: CimValue, meaning: (item: CimValue) => string | null): string {
  if (isCimArray(value)) return value.map((item) => (item === null ? 'null' : withMeaning(item, meaning))).join(',');
  const text = meaning(value);
  const saysNothing = text === null || (typeof value === 'string' && sameName(value, text));
  return saysNothing ? plain(value) : `${plain(value)} (${text})`;
}

/** Values with their meaning behind them, where the class can be read and says it (ValueMap, Values). */
export function valueTexts(client: WbemClient, namespace: string): ValueTexts {
  return {
    async textOf(instance, property, value) {
      if (value === null) return '';
      // Without the right to read classes the values are still worth showing.
      const cls = await client.classOf(instance.className, { namespace }).catch(() => null);
      const declared = cls === null ? undefined : findByName(cls.properties, property);
      const mapping = declared === undefined ? null : valueMapOf(declared);
      return mapping === null ? plain(value) : withMeaning(value, (item) => mapping.textOf(item));
    },
  };
}
