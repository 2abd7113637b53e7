/** Whoever waits for the end of an erasure. */
export interface EraseWatch {
  readonly signal: AbortSignal;
  /** @param share of the content that is overwritten, 0 to 1 */
  progress(share: number): void;
}

/**
 * Where volumes lie. Decides nothing. Calls are idempotent.
 * @throws VmmError `driver_failed`
 */
export interface StorageDriver {
  readonly name: string;
  /** Bytes of the place where volumes lie, in use or not. */
  capacity(): Promise<bigint>;
  /** ACM resource name (`file:/…`) that a volume has or would have. */
  locate(uuid: string): string;
  /** Makes an empty volume; returns its ACM resource name. */
  create(uuid: string, sizeBytes: number): Promise<string>;
  /** Makes a volume with the content of another; returns its ACM resource name. */
  copy(resource: string, uuid: string): Promise<string>;
  remove(resource: string): Promise<void>;
  /** Overwrites all content. @throws the signal's reason if it is aborted before the end */
  erase(resource: string, watch: EraseWatch): Promise<void>;
  exists(resource: string): Promise<boolean>;
}
