import busboy from 'busboy';
import type { Request } from 'express';
import type { Readable } from 'node:stream';
import { badRequest, tooLarge, unauthorized, unavailable } from '../errors.js';

export interface UploadedFile {
  /** Name of the form field. */
  field: string;
  filename: string;
  /** What the client says it is. Not to be believed. */
  declaredType: string;
  data: Buffer;
}

export interface MultipartRules {
  /** Largest file in bytes, by declared type. */
  maxBytes(declaredType: string): number;
  /** Largest body in bytes, whatever is in it. */
  maxTotalBytes: number;
  /** False: the first byte of a file ends the request with 401. */
  filesAllowed: boolean;
  /** Reserves memory; false when there is none left. */
  reserve(bytes: number): boolean;
}

export interface Multipart {
  /** The text fields as `name=value&…`, percent-encoded. */
  form: string;
  files: UploadedFile[];
}

const limits = {
  fieldNameSize: 200,
  fieldSize: 1024 * 1024,
  fields: 500,
  files: 4,
  parts: 504,
  headerPairs: 50,
} as const;
const maxFieldBytes = 2 * 1024 * 1024;
/** How much of a refused body is still read, so that the client gets to see the answer. */
const maxDrainBytes = 16 * 1024 * 1024;

/**
 * Reads a multipart body (RFC 7578) into memory within the rules.
 * @throws AppError 400 malformed, 401 files without a token, 413 too large, 503 no memory left
 */
export function readMultipart(req: Request, rules: MultipartRules): Promise<Multipart> {
  if (Number(req.get('content-length') ?? 0) > rules.maxTotalBytes) {
    drain(req);
    return Promise.reject(tooLarge());
  }
  return new Promise((resolve, reject) => {
    const parser = open(req);
    const pairs: string[] = [];
    const files: Promise<UploadedFile | null>[] = [];
    let fieldBytes = 0;
    let totalBytes = 0;
    let settled = false;
    const fail = (error: Error): void => {
      if (settled) return;
      settled = true;
      req.unpipe(parser);
      drain(req);
      parser.destroy();
      reject(error);
    };
    // A field that is too long is told at its end only, which may be far.
    req.on('data', (chunk: Buffer) => {
      totalBytes += chunk.length;
      if (totalBytes > rules.maxTotalBytes) fail(tooLarge());
    });
    parser.on('field', (name, value, info) => {
      fieldBytes += value.length;
      if (info.nameTruncated || info.valueTruncated || fieldBytes > maxFieldBytes) fail(tooLarge());
      else if (name) pairs.push(`${encode(name)}=${encode(value)}`);
    });
    parser.on('file', (field, stream, info) => {
      // Streams of a parser that was destroyed end with an error nobody else listens to.
      stream.on('error', () => undefined);
      const file = { field: field ?? '', filename: info.filename ?? '', declaredType: info.mimeType };
      const collected = collect(stream, file, rules);
      collected.catch(fail);
      files.push(collected);
    });
    for (const event of ['fieldsLimit', 'filesLimit', 'partsLimit'] as const) {
      parser.on(event, () => fail(tooLarge('The request has too many parts')));
    }
    parser.on('error', () => fail(badRequest('The multipart body is malformed')));
    parser.on('close', () => {
      const done = async (): Promise<Multipart> => {
        const all = await Promise.all(files);
        return { form: pairs.join('&'), files: all.filter((file) => file !== null) };
      };
      if (!settled) resolve(done());
      settled = true;
    });
    req.on('aborted', () => fail(badRequest('The request was aborted')));
    req.pipe(parser);
  });
}

/** Percent-encodes; half surrogates, which would throw, become U+FFFD on the way through UTF-8. */
const encode = (text: string): string => encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8'));

function open(req: Request): busboy.Busboy {
  try {
    return busboy({ headers: req.headers, limits, defParamCharset: 'utf8' });
  } catch {
    drain(req);
    throw badRequest('The multipart body is malformed');
  }
}

/** Null for the empty part that browsers send for a file field nobody filled in. */
async function collect(
  stream: Readable,
  file: Omit<UploadedFile, 'data'>,
  rules: MultipartRules,
): Promise<UploadedFile | null> {
  const chunks: Buffer[] = [];
  const max = rules.maxBytes(file.declaredType);
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (!rules.filesAllowed) throw unauthorized();
    bytes += chunk.length;
    if (bytes > max) throw tooLarge(`The file is larger than ${max} bytes`);
    if (!rules.reserve(chunk.length))
      throw unavailable('Too many uploads at once, please try again in a moment');
    chunks.push(chunk);
  }
  return bytes === 0 && file.filename === '' ? null : { ...file, data: Buffer.concat(chunks, bytes) };
}

/** Throws the rest of a body away, up to a bound; beyond it the connection ends. */
function drain(req: Request): void {
  let left = maxDrainBytes;
  req.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) req.destroy();
  });
  req.resume();
}
