import type { Clock, Log } from '../../base/index.js';
import type { CimError, CimInstance, CimRequest, CimTransport, CimValue } from '../../cim/index.js';
import type { Authorizer, ObjectManager, ObjectManagerLimits, Provider } from '../../cimom/index.js';
import type { Repository } from '../../cimom/repository/index.js';
import type { WbemClient } from '../../client/index.js';
import type { ServerTls } from '../../http/server/index.js';

/** Where a test server can be reached: a free port of loopback, a Unix socket in a folder of its own, or only in this process. */
export type TestServerListen = 'tcp' | 'socket' | 'process';

/** An instance to begin with, by class and values; what is left out takes the class's default. */
export interface TestInstance {
  readonly class: string;
  readonly properties: Readonly<Record<string, CimValue>>;
  /** Default: the namespace of the server. */
  readonly namespace?: string;
}

export interface TestServerOptions {
  /**
   * MOF texts: classes, instances, qualifier types. The DMTF's qualifier types are there already; the shipped classes are
   * there for the asking, by `#pragma include ("cim.mof")`, or by `schema`.
   */
  readonly mof?: string | readonly string[];
  /** Instances besides those in the MOF. */
  readonly instances?: readonly (CimInstance | TestInstance)[];
  /** Served instead of what the repository has of their classes. */
  readonly providers?: readonly Provider[];
  /** Where the MOF goes unless it says otherwise; also the client's namespace. Default `root/cimv2`. */
  readonly namespace?: string;
  /** Further namespaces, empty but for the qualifier types. `root/interop` is always there. */
  readonly namespaces?: readonly string[];
  /** `qualifiers` (default): no class but yours. `shipped`: all classes of the product in their namespaces, in some 200 ms. */
  readonly schema?: 'qualifiers' | 'shipped';
  /**
   * `root/interop` as a server has it: object manager, namespaces that can be created and deleted, profiles, subscriptions
   * whose indications are delivered. Takes some 100 ms more, for its classes. Default false.
   */
  readonly interop?: boolean;
  /**
   * Operations that fail, and how: for trying what a program does with servers that lack them. `{ GetClass: new CimError(7) }` is
   * a server without classes; sfcb's way of saying that it has no pulls is `new CimError(1, 'invalid imethodcall XML')`.
   */
  readonly refuses?: Readonly<Partial<Record<CimRequest['kind'], CimError>>>;
  /** Default `tcp`. */
  readonly listen?: TestServerListen;
  /** Makes a TCP server ask for these; left out, everybody is let in. */
  readonly credentials?: { readonly user: string; readonly password: string };
  /** Makes a TCP server speak HTTPS; its `ca`, else `cert`, is what the client trusts. */
  readonly tls?: ServerTls;
  /** Default: everybody may do everything. */
  readonly authorizer?: Authorizer;
  readonly limits?: Partial<ObjectManagerLimits>;
  /** For idle times of enumerations. */
  readonly clock?: Clock;
  readonly log?: Log;
}

/** A running test server and a client for it. */
export interface TestServer {
  /** Talks to the server the way `listen` says. */
  readonly client: WbemClient;
  /** What the client stands on. */
  readonly transport: CimTransport;
  /** `http://127.0.0.1:PORT`, `https://…` or `unix:/path`; empty for `process`. */
  readonly url: string;
  readonly namespace: string;
  readonly objectManager: ObjectManager;
  readonly repository: Repository;
  /** Ends everything and removes what was made. May be called twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
