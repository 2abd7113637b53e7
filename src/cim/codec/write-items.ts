import { TvdcError } from '../../base/index.js';
import type { CimClass, CimInstance, CimInstancePath, CimObjectPath } from '../model/index.js';
import type { CimRequest } from '../operations/index.js';
import type { Output } from './output.js';
import { classBytes, instanceBytes } from './remembered.js';
import type { ClassDetail } from './write-class.js';
import { instanceElement } from './write-instance.js';
import { fullPathElement, instanceNameElement, namespaceElement, type Place } from './write-path.js';

/** What the items of one answer have in common. */
export interface ItemContext {
  readonly place: Place;
  readonly placeText: string;
  readonly detail: ClassDetail;
}

export type WriteItem<T> = (out: Output, item: T, context: ItemContext) => void;

function detailOf(request: CimRequest): ClassDetail {
  return {
    includeQualifiers: 'includeQualifiers' in request && request.includeQualifiers,
    includeClassOrigin: 'includeClassOrigin' in request && request.includeClassOrigin,
  };
}

function pathOf(instance: CimInstance): CimInstancePath {
  if (instance.path === null) throw new TvdcError('no_path', `an instance of ${instance.className} has no path`);
  return instance.path;
}

export function writeInstance(out: Output, instance: CimInstance, context: ItemContext): void {
  const bytes = context.detail.includeClassOrigin ? undefined : instanceBytes(instance);
  if (bytes === undefined) out.text(instanceElement(instance, context.detail.includeClassOrigin));
  else out.bytes(bytes.body);
}

export const writeNamedInstance: WriteItem<CimInstance> = (out, instance, context) => {
  const path = pathOf(instance);
  const bytes = context.detail.includeClassOrigin ? undefined : instanceBytes(instance);
  if (bytes === undefined || bytes.name === null) {
    const body = instanceElement(instance, context.detail.includeClassOrigin);
    out.text(`<VALUE.NAMEDINSTANCE>${instanceNameElement(path)}${body}</VALUE.NAMEDINSTANCE>`);
    return;
  }
  out.text('<VALUE.NAMEDINSTANCE>');
  out.bytes(bytes.name);
  out.bytes(bytes.body);
  out.text('</VALUE.NAMEDINSTANCE>');
};

/** An element that holds INSTANCEPATH and INSTANCE. */
function writeLocated(out: Output, element: string, instance: CimInstance, context: ItemContext): void {
  const path = pathOf(instance);
  const bytes = context.detail.includeClassOrigin ? undefined : instanceBytes(instance);
  const elsewhere = path.host !== null || (path.namespace !== null && path.namespace !== context.place.namespace);
  if (bytes === undefined || bytes.name === null || elsewhere) {
    out.text(`<${element}>${fullPathElement(path, context.place)}`);
    if (bytes === undefined) out.text(instanceElement(instance, context.detail.includeClassOrigin));
    else out.bytes(bytes.body);
  } else {
    out.text(`<${element}><INSTANCEPATH>${context.placeText}`);
    out.bytes(bytes.name);
    out.text('</INSTANCEPATH>');
    out.bytes(bytes.body);
  }
  out.text(`</${element}>`);
}

export const writeLocatedInstance: WriteItem<CimInstance> = (out, instance, context) =>
  writeLocated(out, 'VALUE.INSTANCEWITHPATH', instance, context);

export const writeClass: WriteItem<CimClass> = (out, cls, context) => out.bytes(classBytes(cls, context.detail));

export const writeObject: WriteItem<CimInstance | CimClass> = (out, object, context) => {
  if (object.kind === 'instance') {
    if (object.path !== null) {
      writeLocated(out, 'VALUE.OBJECTWITHPATH', object, context);
      return;
    }
    // Rows of a query may have no path.
    out.text('<VALUE.OBJECT>');
    writeInstance(out, object, context);
    out.text('</VALUE.OBJECT>');
    return;
  }
  const path = object.path ?? { kind: 'class-path', host: null, namespace: null, className: object.name };
  out.text(`<VALUE.OBJECTWITHPATH>${fullPathElement(path, context.place)}`);
  writeClass(out, object, context);
  out.text('</VALUE.OBJECTWITHPATH>');
};

export const writeInstanceName: WriteItem<CimInstancePath> = (out, path) => out.text(instanceNameElement(path));

export const writeObjectPath: WriteItem<CimObjectPath> = (out, path, context) =>
  out.text(`<OBJECTPATH>${fullPathElement(path, context.place)}</OBJECTPATH>`);

export const writeInstancePath: WriteItem<CimInstancePath> = (out, path, context) =>
  out.text(fullPathElement(path, context.place));

/** Place and detail of the items that answer a request. @param host HOST of paths that have none */
export function contextOf(request: CimRequest, host: string): ItemContext {
  const place = { host: host, namespace: request.namespace };
  return { place, placeText: namespaceElement(place.host, place.namespace), detail: detailOf(request) };
}
