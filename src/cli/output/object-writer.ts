import type { CimClass, CimInstance, CimObjectPath, CimQualifierType } from '../../cim/model/index.js';
import { formatObjectPath } from '../../cim/uri/index.js';
import { classToJson, instanceToJson, qualifierTypeToJson } from './json.js';
import { type OutputForm, print, type Streams, toJson } from './output.js';
import { Progress } from './progress.js';
import { formatTable, isColoured } from './table.js';
import { classTree } from './tree.js';
import { plainTexts, type ValueTexts } from './value-texts.js';

type CimObject = CimInstance | CimClass | CimQualifierType;

export interface ObjectWriterOptions {
  /** For tables. */
  readonly texts?: ValueTexts;
  /** A table of these properties, a line for each instance, in place of a block for each. */
  readonly columns?: readonly string[];
  /** JSON without a list around it. */
  readonly single?: boolean;
}

function objectToJson(object: CimObject): Readonly<Record<string, unknown>> {
  if (!('kind' in object)) return qualifierTypeToJson(object);
  return object.kind === 'instance' ? instanceToJson(object) : classToJson(object);
}

/** Writes instances, classes, qualifier types and paths as they come. */
export class ObjectWriter {
  readonly #streams: Streams;
  readonly #form: OutputForm;
  readonly #options: ObjectWriterOptions;
  readonly #progress: Progress;
  readonly #rows: string[][] = [];
  readonly #classes: CimClass[] = [];
  #count = 0;

  constructor(streams: Streams, form: OutputForm, options: ObjectWriterOptions = {}) {
    this.#streams = streams;
    this.#form = form;
    this.#options = options;
    this.#progress = new Progress(streams, 'objects');
  }

  async write(object: CimObject): Promise<void> {
    const first = this.#count++ === 0;
    this.#progress.at(this.#count);
    switch (this.#form) {
      case 'mof': {
        const { toMof } = await import('../../cim/mof/index.js');
        return print(this.#streams, `${first ? '' : '\n'}${toMof(object)}`);
      }
      case 'xml': {
        const { toCimXml } = await import('../../cim/codec/index.js');
        return print(this.#streams, `${toCimXml(object)}\n`);
      }
      case 'json':
      case 'ndjson':
        return this.#writeJson(objectToJson(object), first);
      case 'tree':
        if ('kind' in object && object.kind === 'class') this.#classes.push(object);
        return;
      case 'table':
        return this.#writeText(object);
    }
  }

  #writeJson(json: unknown, first: boolean): Promise<void> {
    if (this.#form === 'ndjson') return print(this.#streams, `${toJson(json)}\n`);
    if (this.#options.single === true) return print(this.#streams, `${toJson(json, 2)}\n`);
    return print(this.#streams, `${first ? '[' : ','}\n${toJson(json, 2)}`);
  }

  /** Path, then a line for each property, as wbemcli -nl does; classes as MOF. */
  async #writeText(object: CimObject): Promise<void> {
    if (!('kind' in object) || object.kind !== 'instance') {
      const { toMof } = await import('../../cim/mof/index.js');
      return print(this.#streams, toMof(object));
    }
    const { texts = plainTexts, columns } = this.#options;
    const path = object.path === null ? object.className : formatObjectPath(object.path);
    if (columns !== undefined) {
      const values = columns.map((name) => texts.textOf(object, name, object.get(name) ?? null));
      this.#rows.push([...(await Promise.all(values)), path]);
      return;
    }
    const lines: string[] = [path];
    for (const { name, value } of object.properties())
      lines.push(`-${name}=${await texts.textOf(object, name, value)}`);
    return print(this.#streams, `${lines.join('\n')}\n`);
  }

  writePath(path: CimObjectPath): Promise<void> {
    const first = this.#count++ === 0;
    this.#progress.at(this.#count);
    const text = formatObjectPath(path);
    if (this.#form === 'json' || this.#form === 'ndjson') return this.#writeJson(text, first);
    return print(this.#streams, `${text}\n`);
  }

  /** Closes the list. */
  async end(): Promise<void> {
    this.#progress.end();
    const { columns, single } = this.#options;
    if (this.#form === 'json' && single !== true) await print(this.#streams, this.#count === 0 ? '[]\n' : '\n]\n');
    if (this.#form === 'tree' && this.#classes.length > 0) await print(this.#streams, `${classTree(this.#classes)}\n`);
    if (this.#form === 'table' && columns !== undefined) {
      const coloured = isColoured(this.#streams.out);
      await print(this.#streams, `${formatTable([...columns, 'PATH'], this.#rows, coloured)}\n`);
    }
  }
}
