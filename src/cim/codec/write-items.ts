import { TvdcError } from '../../base/index.js';
import type { CimClass, CimInstance, CimInstancePath, CimObjectPath } from '../model/index.js';
import type { ItemContext } from './item-context.js';
import type { Output } from './output.js';
import { classBytes, instanceBytes } from './remembered.js';
import { instanceElement } from './write-instance.js';
import { fullPathElement, instanceNameElement, namespaceElement } from './write-path.js';

export type WriteItem<T> = (out: Output, item: T, context: ItemContext) => void;

function pathOf(instance: CimInstance): CimInstancePath {
  if (instance.path === null) throw new TvdcError('no_path', `an instance of ${instance.className} has no path`);
  return instance.path;
}

export function writeInstance(out: Output, instance: CimInstance, context: ItemContext): void {
  const bytes = context.detail.includeClassOrigin ? undefined : instanceBytes(instance, context.fill);
  if (bytes === undefined) out.text(instanceElement(instance, context.detail.includeClassOrigin));
  else out.bytes(bytes.body);
}

const namedOpen = Buffer.from('<VALUE.NAMEDINSTANCE>');
const namedClose = Buffer.from('</VALUE.NAMEDINSTANCE>');

export const writeNamedInstance: WriteItem<CimInstance> = (out, instance, context) => {
  const path = pathOf(instance);
  const bytes = context.detail.includeClassOrigin ? undefined : instanceBytes(instance, context.fill);
  if (bytes === undefined || bytes.name === null) {
    const body = instanceElement(instance, context.detail.includeClassOrigin);
    out.text(`<VALUE.NAMEDINSTANCE>${instanceNameElement(path)}${body}</VALUE.NAMEDINSTANCE>`);
    return;
  }
  out.bytes(namedOpen);
  out.bytes(bytes.name);
  out.bytes(bytes.body);
  out.bytes(namedClose);
};

/** An element that holds INSTANCEPATH and INSTANCE. */
function writeLocated(out: Output, element: string, instance: CimInstance, context: ItemContext): void {
  const path = pathOf(instance);
  const { place, detail } = context;
  const bytes = detail.includeClassOrigin ? undefined : instanceBytes(instance, context.fill);
  if (bytes === undefined || bytes.located === null) {
    const body = instanceElement(instance, detail.includeClassOrigin);
    out.text(`<${element}>${fullPathElement(path, place)}${body}</${element}>`);
    return;
  }
  const host = path.host ?? place.host;
  const namespace = path.namespace ?? place.namespace;
  const around = context.located(element);
  if (host === place.host && namespace === place.namespace) out.bytes(around.open);
  else out.text(`<${element}><INSTANCEPATH>${namespaceElement(host, namespace)}`);
  out.bytes(bytes.located);
  out.bytes(around.close);
}

export const writeLocatedInstance: WriteItem<CimInstance> = (out, instance, context) =>
  writeLocated(out, 'VALUE.INSTANCEWITHPATH', instance, context);

export const writeClass: WriteItem<CimClass> = (out, cls, context) =>
  out.bytes(classBytes(cls, context.detail, context.fill));

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
