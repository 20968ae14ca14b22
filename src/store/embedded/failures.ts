import { BulkWriteError, DuplicateKeyError, InvalidWrite } from '../errors.js';

/** An error on its way to another thread, where a copy of it would be a plain one. */
export type Failure =
  | { kind: 'duplicate'; collection: string; keyPattern: Readonly<Record<string, 1 | -1>> }
  | { kind: 'invalid'; code: number; message: string }
  | { kind: 'bulk'; failures: { index: number; failure: Failure }[] }
  | { kind: 'other'; name: string; message: string; code: string | undefined; stack: string | undefined };

export function toFailure(error: unknown): Failure {
  if (error instanceof DuplicateKeyError)
    return { kind: 'duplicate', collection: error.collection, keyPattern: error.keyPattern };
  if (error instanceof InvalidWrite) return { kind: 'invalid', code: error.code, message: error.message };
  if (error instanceof BulkWriteError) {
    const failures = error.writeErrors.map((one) => ({ index: one.index, failure: toFailure(one.error) }));
    return { kind: 'bulk', failures };
  }
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  return { kind: 'other', name, message, code, stack };
}

export function toError(failure: Failure): Error {
  switch (failure.kind) {
    case 'duplicate':
      return new DuplicateKeyError(failure.collection, failure.keyPattern);
    case 'invalid':
      return new InvalidWrite(failure.code, failure.message);
    case 'bulk':
      return new BulkWriteError(
        failure.failures.map(({ index, failure: one }) => ({ index, error: toError(one) })),
      );
    case 'other': {
      const { name, message, code, stack } = failure;
      return Object.assign(new Error(message), { name, stack }, code !== undefined && { code });
    }
  }
}
