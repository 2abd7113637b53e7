import type { CimClass, CimInstance, CimObjectPath, CimQualifierType, CimType, CimValue } from '../model/index.js';
import type { CimError, CimRequest, CimResult, ParameterValue } from '../operations/index.js';
import { operations } from './operations.js';
import { readQualifierDeclaration } from './read-class.js';
import { readError } from './read-error.js';
import { readObject, readPathItem } from './read-object.js';
import { declaredType, readParameterValue, readTypedValue } from './read-parameter.js';
import { readReference } from './read-path.js';
import { readArray } from './read-value.js';
import type { CimXmlReader } from './reader.js';

/** One child of IRETURNVALUE. */
export type AnswerItem =
  | { readonly kind: 'object'; readonly value: CimInstance | CimClass }
  | { readonly kind: 'path'; readonly value: CimObjectPath }
  | { readonly kind: 'qualifier'; readonly value: CimQualifierType }
  | { readonly kind: 'value'; readonly value: CimValue; readonly type: CimType };

/** The elements in which the items of each result come; others that say as much are tolerated. */
const usualElements: Readonly<Record<CimResult['kind'], readonly string[]>> = {
  void: [],
  class: ['CLASS'],
  classes: ['CLASS'],
  'class-names': ['CLASSNAME'],
  instance: ['INSTANCE'],
  'named-instances': ['VALUE.NAMEDINSTANCE'],
  'instance-name': ['INSTANCENAME'],
  'instance-names': ['INSTANCENAME'],
  objects: ['VALUE.OBJECTWITHPATH', 'VALUE.OBJECTWITHLOCALPATH', 'VALUE.OBJECT'],
  'object-paths': ['OBJECTPATH'],
  value: ['VALUE', 'VALUE.ARRAY', 'VALUE.REFERENCE'],
  qualifier: ['QUALIFIER.DECLARATION'],
  qualifiers: ['QUALIFIER.DECLARATION'],
  'pulled-instances': ['VALUE.INSTANCEWITHPATH', 'INSTANCE'],
  'pulled-paths': ['INSTANCEPATH'],
  count: ['VALUE'],
  method: [],
};

function readValueItem(reader: CimXmlReader, element: string): AnswerItem | undefined {
  switch (element) {
    case 'VALUE':
      return { kind: 'value', value: reader.text(), type: 'string' };
    case 'VALUE.ARRAY':
      return { kind: 'value', value: readArray(reader, { type: 'string', embedded: false }), type: 'string' };
    case 'VALUE.REFERENCE':
      return { kind: 'value', value: readReference(reader), type: 'reference' };
    case 'QUALIFIER.DECLARATION':
      return { kind: 'qualifier', value: readQualifierDeclaration(reader) };
    default:
      return undefined;
  }
}

function readItem(reader: CimXmlReader, element: string): AnswerItem {
  const object = readObject(reader, element);
  if (object !== undefined) return { kind: 'object', value: object };
  const path = readPathItem(reader, element);
  if (path !== undefined) return { kind: 'path', value: path };
  return readValueItem(reader, element) ?? reader.invalid(`unexpected ${element}`);
}

/**
 * One SIMPLERSP, read in steps between which a reader that is fed in pieces may wait: none of them leaves an element that
 * was open at its start and then opens another.
 */
export class Answer {
  readonly #request: CimRequest;
  readonly #elements: readonly string[];
  #phase: 'head' | 'content' | 'items' | 'tail' | 'done' = 'head';
  /** Items read and not yet taken away. */
  items: AnswerItem[] = [];
  error: CimError | null = null;
  readonly parameters: ParameterValue[] = [];
  returned: { readonly type: CimType | null; readonly value: CimValue } | null = null;

  constructor(request: CimRequest) {
    this.#request = request;
    this.#elements = request.kind === 'InvokeMethod' ? [] : usualElements[operations[request.kind].result];
  }

  /** Whether it is known that there are items and no error, or that the answer is complete. */
  get isDecided(): boolean {
    return this.#phase !== 'head' && this.#phase !== 'content';
  }

  /** One step inside SIMPLERSP; false after its end. */
  step(reader: CimXmlReader): boolean {
    switch (this.#phase) {
      case 'head':
        this.#open(reader);
        return true;
      case 'content':
        this.#content(reader);
        return true;
      case 'items':
        this.#item(reader);
        return true;
      case 'tail':
        reader.end();
        this.#phase = 'done';
        return false;
      case 'done':
        return false;
    }
  }

  #open(reader: CimXmlReader): void {
    const intrinsic = this.#request.kind !== 'InvokeMethod';
    reader.expect(intrinsic ? 'IMETHODRESPONSE' : 'METHODRESPONSE');
    const wanted = this.#request.kind === 'InvokeMethod' ? this.#request.methodName : this.#request.kind;
    if (reader.attribute('NAME').toLowerCase() !== wanted.toLowerCase()) {
      reader.tolerate('other-name', reader.scanner.name);
    }
    this.#phase = 'content';
  }

  #content(reader: CimXmlReader): void {
    const child = reader.child();
    switch (child) {
      case null:
        this.#phase = 'tail';
        return;
      case 'ERROR':
        this.error = readError(reader);
        return;
      case 'IRETURNVALUE':
        this.#phase = 'items';
        return;
      case 'RETURNVALUE':
        this.returned = readTypedValue(reader, declaredType(reader));
        return;
      case 'PARAMVALUE':
        this.parameters.push(readParameterValue(reader));
        return;
      default:
        reader.invalid(`unexpected ${child}`);
    }
  }

  #item(reader: CimXmlReader): void {
    const child = reader.child();
    if (child === null) {
      this.#phase = 'content';
      return;
    }
    const item = readItem(reader, child);
    if (!this.#elements.includes(child)) reader.tolerate('other-element', child);
    this.items.push(item);
  }
}
