/** An operator outside the port's list, or a value it cannot take. Thrown before anything was read or written. */
export class UnsupportedOperator extends Error {
  override name = 'UnsupportedOperator';
}

/** A unique index refused a write; `code` is MongoDB's, see `isDuplicateKey`. */
export class DuplicateKeyError extends Error {
  override name = 'DuplicateKeyError';
  readonly code = 11000;
  constructor(
    readonly collection: string,
    readonly keyPattern: Readonly<Record<string, 1 | -1>>,
  ) {
    super(`E11000 duplicate key error collection: ${collection} index: ${Object.keys(keyPattern).join(' ')}`);
  }
}

/** An update that does not fit the document, such as `$inc` of a string. `code` is MongoDB's. */
export class InvalidWrite extends Error {
  override name = 'InvalidWrite';
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

export interface WriteFailure {
  /** Place in the list that was given. */
  index: number;
  error: unknown;
}

/** Thrown by `insertMany` and `bulkWrite`; carries the `code` of the first failure. */
export class BulkWriteError extends Error {
  override name = 'BulkWriteError';
  readonly code: number | undefined;
  constructor(readonly writeErrors: readonly WriteFailure[]) {
    const first = writeErrors[0]?.error;
    super(first instanceof Error ? first.message : 'a bulk write failed', { cause: first });
    this.code =
      typeof first === 'object' && first !== null && 'code' in first && typeof first.code === 'number'
        ? first.code
        : undefined;
  }
}
