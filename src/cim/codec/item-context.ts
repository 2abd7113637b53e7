import type { CimRequest } from '../operations/index.js';
import type { ClassDetail } from './write-class.js';
import { namespaceElement, type Place } from './write-path.js';

/** What stands around the name and the body of an instance of this place. */
export interface Located {
  readonly element: string;
  readonly open: Buffer;
  readonly close: Buffer;
}

/** What the items of one answer have in common. */
export class ItemContext {
  readonly place: Place;
  readonly detail: ClassDetail;
  /** Whether single items may enter the memory; those of a batch that enters as a whole need not. */
  readonly fill: boolean;
  readonly #located = new Map<string, Located>();

  constructor(place: Place, detail: ClassDetail, fill = true) {
    this.place = place;
    this.detail = detail;
    this.fill = fill;
  }

  located(element: string): Located {
    let located = this.#located.get(element);
    if (located === undefined) {
      const at = namespaceElement(this.place.host, this.place.namespace);
      const open = Buffer.from(`<${element}><INSTANCEPATH>${at}`);
      located = { element, open, close: Buffer.from(`</${element}>`) };
      this.#located.set(element, located);
    }
    return located;
  }
}

function detailOf(request: CimRequest): ClassDetail {
  return {
    includeQualifiers: 'includeQualifiers' in request && request.includeQualifiers,
    includeClassOrigin: 'includeClassOrigin' in request && request.includeClassOrigin,
  };
}

/** Place and detail of the items that answer a request. @param host HOST of paths that have none */
export function contextOf(request: CimRequest, host: string): ItemContext {
  return new ItemContext({ host, namespace: request.namespace }, detailOf(request));
}
