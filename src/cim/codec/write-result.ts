import { escapeText } from '../../xml/index.js';
import type { CimResult, MethodResult } from '../operations/index.js';
import { ItemContext } from './item-context.js';
import type { Output } from './output.js';
import { qualifierDeclarationElement } from './write-class.js';
import { embeddedKindOf, valueElement } from './write-instance.js';
import {
  writeClass,
  writeInstance,
  writeInstanceName,
  writeInstancePath,
  type WriteItem,
  writeLocatedInstance,
  writeNamedInstance,
  writeObject,
  writeObjectPath,
} from './write-items.js';
import { parameterElement } from './write-parameter.js';
import { classNameElement, instanceNameElement } from './write-path.js';

/** The results that come in batches. */
type StreamedKind = 'classes' | 'named-instances' | 'instance-names' | 'objects' | 'object-paths';
export type StreamedResult = Extract<CimResult, { readonly kind: StreamedKind }>;
/** The results that come whole. */
type WholeResult = Exclude<CimResult, StreamedResult>;

/** What writes the items of each. */
export const itemWriters: { readonly [K in StreamedKind]: WriteItem<never> } = {
  classes: writeClass,
  'named-instances': writeNamedInstance,
  'instance-names': writeInstanceName,
  objects: writeObject,
  'object-paths': writeObjectPath,
};

/** Whether a result comes in batches. */
export function isStreamed(result: CimResult): result is StreamedResult {
  return Object.hasOwn(itemWriters, result.kind);
}

function parameter(name: string, type: 'boolean' | 'string', text: string): string {
  return `<PARAMVALUE NAME="${name}" PARAMTYPE="${type}"><VALUE>${text}</VALUE></PARAMVALUE>`;
}

function pulledTail(result: { readonly endOfSequence: boolean; readonly enumerationContext: string | null }): string {
  const context = escapeText(result.enumerationContext ?? '');
  return (
    parameter('EnumerationContext', 'string', result.endOfSequence ? '' : context) +
    parameter('EndOfSequence', 'boolean', result.endOfSequence ? 'TRUE' : 'FALSE')
  );
}

function methodBody(result: MethodResult): string {
  let text = '';
  if (result.returnValue !== null) {
    const embedded = embeddedKindOf(null, result.returnValue);
    const mark = embedded === null ? '' : ` EmbeddedObject="${embedded}"`;
    const value = valueElement(result.returnType, result.returnValue);
    text = `<RETURNVALUE PARAMTYPE="${result.returnType}"${mark}>${value}</RETURNVALUE>`;
  }
  // NULL out parameters are left out: wbemcli cannot read PARAMVALUE without a value.
  for (const out of result.outParameters) if (out.value !== null) text += parameterElement(out);
  return text;
}

/** IRETURNVALUE (or RETURNVALUE) and what follows it. */
export function writeWhole(out: Output, result: WholeResult, context: ItemContext): void {
  switch (result.kind) {
    case 'void':
      return;
    case 'method':
      out.text(methodBody(result));
      return;
    case 'class':
      out.text('<IRETURNVALUE>');
      writeClass(out, result.class, context);
      break;
    case 'class-names':
      out.text(`<IRETURNVALUE>${result.names.map(classNameElement).join('')}`);
      break;
    case 'instance':
      out.text('<IRETURNVALUE>');
      writeInstance(out, result.instance, context);
      break;
    case 'instance-name':
      out.text(`<IRETURNVALUE>${instanceNameElement(result.path)}`);
      break;
    case 'value':
      out.text(`<IRETURNVALUE>${valueElement(result.type, result.value)}`);
      break;
    case 'qualifier':
      out.text(`<IRETURNVALUE>${qualifierDeclarationElement(result.qualifier)}`);
      break;
    case 'qualifiers':
      out.text(`<IRETURNVALUE>${result.qualifiers.map(qualifierDeclarationElement).join('')}`);
      break;
    case 'count':
      out.text(`<IRETURNVALUE>${valueElement('uint64', result.count)}`);
      break;
    case 'pulled-instances': {
      out.text('<IRETURNVALUE>');
      const write = result.withPath ? writeLocatedInstance : writeInstance;
      for (const instance of result.instances) write(out, instance, context);
      out.text(`</IRETURNVALUE>${pulledTail(result)}`);
      if (result.queryResultClass === null) return;
      out.text('<PARAMVALUE NAME="QueryResultClass">');
      writeClass(
        out,
        result.queryResultClass,
        new ItemContext(context.place, { includeQualifiers: true, includeClassOrigin: false }),
      );
      out.text('</PARAMVALUE>');
      return;
    }
    case 'pulled-paths':
      out.text('<IRETURNVALUE>');
      for (const path of result.paths) writeInstancePath(out, path, context);
      out.text(`</IRETURNVALUE>${pulledTail(result)}`);
      return;
  }
  out.text('</IRETURNVALUE>');
}
