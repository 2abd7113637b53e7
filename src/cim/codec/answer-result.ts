import {
  type CimClass,
  type CimInstance,
  type CimInstancePath,
  type CimObjectPath,
  type CimQualifierType,
  foldName,
  parseScalar,
} from '../model/index.js';
import type { Batches, CimRequest, CimResult, MethodResult, ParameterValue } from '../operations/index.js';
import type { Answer, AnswerItem } from './answer.js';
import { operations } from './operations.js';
import type { CimXmlReader } from './reader.js';

// What an item is to a result. An item of another nature makes the answer invalid.

function instanceOf(reader: CimXmlReader, item: AnswerItem): CimInstance {
  if (item.kind === 'object' && item.value.kind === 'instance') return item.value;
  return reader.invalid('expected an instance');
}

function namedInstanceOf(reader: CimXmlReader, item: AnswerItem): CimInstance {
  const instance = instanceOf(reader, item);
  if (instance.path === null) reader.invalid('expected an instance with its name');
  return instance;
}

function classOf(reader: CimXmlReader, item: AnswerItem): CimClass {
  if (item.kind === 'object' && item.value.kind === 'class') return item.value;
  return reader.invalid('expected a class');
}

function objectOf(reader: CimXmlReader, item: AnswerItem): CimInstance | CimClass {
  return item.kind === 'object' ? item.value : reader.invalid('expected an instance or a class');
}

function pathOf(reader: CimXmlReader, item: AnswerItem): CimObjectPath {
  return item.kind === 'path' ? item.value : reader.invalid('expected a path');
}

function instancePathOf(reader: CimXmlReader, item: AnswerItem): CimInstancePath {
  const path = pathOf(reader, item);
  return path.kind === 'instance-path' ? path : reader.invalid('expected the path of an instance');
}

function qualifierOf(reader: CimXmlReader, item: AnswerItem): CimQualifierType {
  return item.kind === 'qualifier' ? item.value : reader.invalid('expected a qualifier declaration');
}

function onlyItem(reader: CimXmlReader, answer: Answer): AnswerItem {
  const [item, ...more] = answer.items;
  if (item === undefined) return reader.invalid('the answer has no result');
  if (more.length > 0) reader.invalid('the answer has more than one result');
  return item;
}

function parameterOf(answer: Answer, name: string): ParameterValue | undefined {
  return answer.parameters.find((parameter) => foldName(parameter.name) === name);
}

function pulledOf(
  reader: CimXmlReader,
  answer: Answer,
): { readonly endOfSequence: boolean; readonly enumerationContext: string | null } {
  const end = parameterOf(answer, 'endofsequence')?.value;
  const endOfSequence =
    typeof end === 'boolean'
      ? end
      : typeof end === 'string'
        ? /^\s*true\s*$/i.test(end)
        : reader.invalid('no EndOfSequence');
  if (endOfSequence) return { endOfSequence, enumerationContext: null };
  const context = parameterOf(answer, 'enumerationcontext')?.value;
  if (typeof context !== 'string' || context === '') return reader.invalid('no EnumerationContext');
  return { endOfSequence, enumerationContext: context };
}

function methodResult(reader: CimXmlReader, answer: Answer): MethodResult {
  const { returned } = answer;
  if (returned !== null && returned.type === null) reader.tolerate('missing-paramtype', 'RETURNVALUE');
  const outParameters = answer.parameters
    .filter((parameter) => parameter.value !== null)
    .map((parameter) => {
      if (parameter.type === null) reader.tolerate('missing-paramtype', 'PARAMVALUE');
      return { ...parameter, type: parameter.type ?? 'string' };
    });
  return {
    kind: 'method',
    // DSP0201 lets the type of a return value that is NULL be unsaid; nearly all are uint32.
    returnType: returned === null ? 'uint32' : (returned.type ?? 'string'),
    returnValue: returned === null ? null : returned.value,
    outParameters,
  };
}

function countOf(reader: CimXmlReader, answer: Answer): bigint | null {
  const [item] = answer.items;
  if (item === undefined) return null;
  if (item.kind !== 'value' || typeof item.value !== 'string') return reader.invalid('expected a number');
  try {
    return parseScalar('uint64', item.value) as bigint;
  } catch {
    return reader.invalid('expected a number');
  }
}

function wholeResult(reader: CimXmlReader, request: CimRequest, answer: Answer): CimResult {
  if (request.kind === 'InvokeMethod') return methodResult(reader, answer);
  const { result: kind } = operations[request.kind];
  switch (kind) {
    case 'class':
      return { kind, class: classOf(reader, onlyItem(reader, answer)) };
    case 'class-names':
      return { kind, names: answer.items.map((item) => pathOf(reader, item).className) };
    case 'instance':
      return { kind, instance: instanceOf(reader, onlyItem(reader, answer)) };
    case 'instance-name':
      return { kind, path: instancePathOf(reader, onlyItem(reader, answer)) };
    case 'qualifier':
      return { kind, qualifier: qualifierOf(reader, onlyItem(reader, answer)) };
    case 'qualifiers':
      return { kind, qualifiers: answer.items.map((item) => qualifierOf(reader, item)) };
    case 'value': {
      if (answer.items.length === 0) return { kind, type: 'string', value: null };
      const item = onlyItem(reader, answer);
      return item.kind === 'value' ? { kind, type: item.type, value: item.value } : reader.invalid('expected a value');
    }
    case 'count':
      return { kind, count: countOf(reader, answer) };
    case 'pulled-paths':
      return {
        kind,
        paths: answer.items.map((item) => instancePathOf(reader, item)),
        ...pulledOf(reader, answer),
      };
    case 'pulled-instances': {
      const withPath = request.kind !== 'PullInstances' && request.kind !== 'OpenQueryInstances';
      const take = withPath ? namedInstanceOf : instanceOf;
      const cls = parameterOf(answer, 'queryresultclass')?.value;
      return {
        kind,
        withPath,
        instances: answer.items.map((item) => take(reader, item)),
        queryResultClass: isClass(cls) ? cls : null,
        ...pulledOf(reader, answer),
      };
    }
    default:
      return { kind: 'void' };
  }
}

function isClass(value: unknown): value is CimClass {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'class';
}

const streamedItems = {
  classes: classOf,
  'named-instances': namedInstanceOf,
  'instance-names': instancePathOf,
  objects: objectOf,
  'object-paths': pathOf,
} as const;

type StreamedKind = keyof typeof streamedItems;

/** The kind of a result that comes in batches; null for results that come whole. */
export function streamedKind(request: CimRequest): StreamedKind | null {
  if (request.kind === 'InvokeMethod') return null;
  const { result } = operations[request.kind];
  return Object.hasOwn(streamedItems, result) ? (result as StreamedKind) : null;
}

/** The items of a batch in the form of the result. */
export function batchOf(reader: CimXmlReader, kind: StreamedKind, items: readonly AnswerItem[]): readonly unknown[] {
  const take = streamedItems[kind];
  return items.map((item) => take(reader, item));
}

async function* inOneBatch(items: readonly unknown[]): AsyncGenerator<readonly unknown[], void, undefined> {
  if (items.length > 0) yield items;
}

/** The result of an answer that was read to its end. */
export function resultOf(reader: CimXmlReader, request: CimRequest, answer: Answer): CimResult {
  const kind = streamedKind(request);
  if (kind === null) return wholeResult(reader, request, answer);
  return streamedResult(kind, inOneBatch(batchOf(reader, kind, answer.items)));
}

/** A result whose items are still to come. */
export function streamedResult(kind: StreamedKind, batches: Batches<unknown>): CimResult {
  return { kind, batches } as CimResult;
}
