import { type Clock, type Log, messageOf, systemClock } from '../../base/index.js';
import { type CimInstance, foldName, sameName } from '../../cim/model/index.js';
import { checkInstance, type Schema } from '../../cim/schema/index.js';
import { classViewOf } from '../calls/index.js';
import { badAnswer, foreignText } from './errors.js';
import { JsonReader } from './from-json.js';
import type { RpcParameters } from './json-rpc.js';
import type { ProcessLimits } from './limits.js';

/** A class of indications that a provider process raises. */
export interface RaisedClass {
  readonly className: string;
  readonly namespaces: readonly string[];
}

/** What a provider process needs to raise indications. */
export interface IndicationPorts {
  readonly classes: readonly RaisedClass[];
  readonly schema: (namespace: string) => Schema | undefined;
  /** Hands one to whoever subscribed. Never throws. */
  readonly publish: (namespace: string, indication: CimInstance) => void;
}

const second = 1000;

/** Takes the indications of one provider process in: those that it may raise, as they must be, and not too many. */
export class IndicationIntake {
  readonly #name: string;
  readonly #ports: IndicationPorts;
  readonly #most: number;
  readonly #log: Log;
  readonly #clock: Clock;
  #since = Number.NEGATIVE_INFINITY;
  #count = 0;

  constructor(name: string, ports: IndicationPorts, limits: ProcessLimits, log: Log, clock: Clock = systemClock) {
    this.#name = name;
    this.#ports = ports;
    this.#most = limits.indicationsPerSecond;
    this.#log = log;
    this.#clock = clock;
  }

  /** @param params of the notification `indicate`: `namespace`, which may be left out where there is only one, and `indication` */
  take(params: RpcParameters): void {
    if (this.#isTooMany()) return;
    try {
      const { namespace, indication } = this.#read(params);
      this.#ports.publish(namespace, indication);
    } catch (error) {
      this.#log.warn('provider.indication_refused', { provider: this.#name, reason: messageOf(error) });
    }
  }

  #isTooMany(): boolean {
    const now = this.#clock.monotonic();
    if (now - this.#since >= second) {
      const dropped = this.#count - this.#most;
      if (dropped > 0) this.#log.warn('provider.indications_dropped', { provider: this.#name, dropped });
      this.#since = now;
      this.#count = 0;
    }
    return ++this.#count > this.#most;
  }

  #read(params: RpcParameters): { readonly namespace: string; readonly indication: CimInstance } {
    const { indication } = params;
    const said = (indication as { readonly class?: unknown } | null | undefined)?.class;
    const raised = this.#ports.classes.find(({ className }) => typeof said === 'string' && sameName(className, said));
    if (raised === undefined) throw badAnswer(`indications of ${foreignText(String(said))} are not in its description`);
    const namespace = namespaceOf(raised, params['namespace']);
    const schema = this.#ports.schema(namespace);
    const cls = schema?.get(raised.className);
    if (schema === undefined || cls === undefined) throw badAnswer(`${namespace} has no class ${raised.className}`);
    const read = new JsonReader(classViewOf(schema), namespace).instance(indication).withPath(null);
    return { namespace, indication: checkInstance(schema, cls, read, 'provider') };
  }
}

function namespaceOf({ className, namespaces }: RaisedClass, said: unknown): string {
  const [only, ...others] = namespaces;
  if (said === undefined && only !== undefined && others.length === 0) return only;
  const found = namespaces.find((name) => typeof said === 'string' && foldName(name) === foldName(said));
  if (found === undefined) throw badAnswer(`${className} is not raised in the namespace ${foreignText(String(said))}`);
  return found;
}
