import type { CimClass, CimInstance, CimObjectPath, CimQualifierType, CimScalar, CimValue } from '../../cim/index.js';
import { type OutputForm, type Streams, toJson } from './output.js';

function isObject(value: CimScalar): value is Exclude<CimScalar, string | boolean | number | bigint> {
  return typeof value === 'object';
}

async function pathText(path: CimObjectPath): Promise<string> {
  const { formatObjectPath } = await import('../../cim/uri/index.js');
  return formatObjectPath(path);
}

async function scalarToJson(value: CimScalar | null): Promise<unknown> {
  if (value === null || !isObject(value)) return value;
  switch (value.kind) {
    case 'datetime':
      return value.text;
    case 'instance':
      return instanceToJson(value);
    case 'class':
      return { class: value.name };
    case 'instance-path':
    case 'class-path':
      return pathText(value);
  }
}

/** A CIM value as JSON: references as paths, datetimes as their 25 characters, embedded instances as objects. */
export async function valueToJson(value: CimValue): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((item: CimScalar | null) => scalarToJson(item)));
  return scalarToJson(value as CimScalar | null);
}

/** An instance as JSON: `class`, `path`, `properties`. */
export async function instanceToJson(instance: CimInstance): Promise<unknown> {
  const properties: Record<string, unknown> = {};
  for (const property of instance.properties()) properties[property.name] = await valueToJson(property.value);
  return { class: instance.className, path: instance.path === null ? null : await pathText(instance.path), properties };
}

async function textOf(value: CimValue): Promise<string> {
  const json = await valueToJson(value);
  if (json === null) return '';
  if (typeof json === 'string') return JSON.stringify(json);
  if (Array.isArray(json)) return json.map((item) => (typeof item === 'string' ? JSON.stringify(item) : toJson(item))).join(',');
  return toJson(json);
}

/** Writes instances, classes and qualifier types as they come. */
export class ObjectWriter {
  readonly #streams: Streams;
  readonly #form: OutputForm;
  #count = 0;

  constructor(streams: Streams, form: OutputForm) {
    this.#streams = streams;
    this.#form = form;
  }

  #write(text: string): void {
    this.#streams.out.write(text);
  }

  async write(object: CimInstance | CimClass | CimQualifierType): Promise<void> {
    const first = this.#count++ === 0;
    switch (this.#form) {
      case 'mof': {
        const { toMof } = await import('../../cim/mof/index.js');
        return this.#write(`${first ? '' : '\n'}${toMof(object)}`);
      }
      case 'xml': {
        const { toCimXml } = await import('../../cim/codec/index.js');
        return this.#write(`${toCimXml(object)}\n`);
      }
      case 'json':
      case 'ndjson': {
        const json = 'kind' in object && object.kind === 'instance' ? await instanceToJson(object) : object;
        const text = this.#form === 'json' ? toJson(json, 2) : toJson(json);
        return this.#write(this.#form === 'json' ? `${first ? '[' : ','}\n${text}` : `${text}\n`);
      }
      case 'table':
        return this.#writeLines(object);
    }
  }

  /** Path, then a line for each property, as wbemcli -nl does; classes as MOF. */
  async #writeLines(object: CimInstance | CimClass | CimQualifierType): Promise<void> {
    if (!('kind' in object) || object.kind !== 'instance') {
      const { toMof } = await import('../../cim/mof/index.js');
      return this.#write(toMof(object));
    }
    const path = object.path === null ? object.className : await pathText(object.path);
    const lines: string[] = [path];
    for (const property of object.properties()) lines.push(`-${property.name}=${await textOf(property.value)}`);
    this.#write(`${lines.join('\n')}\n`);
  }

  async writePath(path: CimObjectPath): Promise<void> {
    const first = this.#count++ === 0;
    const text = await pathText(path);
    if (this.#form === 'json') this.#write(`${first ? '[' : ','}\n${JSON.stringify(text)}`);
    else this.#write(`${this.#form === 'ndjson' ? JSON.stringify(text) : text}\n`);
  }

  /** Closes the list. */
  end(): void {
    if (this.#form === 'json') this.#write(this.#count === 0 ? '[]\n' : '\n]\n');
  }
}
