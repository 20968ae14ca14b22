import { badRequest } from '../errors.js';

/**
 * Texts, so that digits in them are passed over, and whole numbers that a double cannot hold. A text without an end
 * reaches to the end of the input: were it no match, each quote in it would be tried again.
 */
const textOrLongNumber = /"(?:[^"\\]+|\\[^]?)*(?:"|$)|(?<![\w.+-])-?\d{16,}(?![\d.eE])/g;

/**
 * Reads JSON of a client. Whole numbers of 16 digits and more come as text: they are ids (Mastodon.py and others send
 * them as numbers, which Ruby reads exactly), and JavaScript would round them to those of something else.
 * @throws AppError 400 when it is malformed
 */
export function parseJson(text: string): unknown {
  const exact = text.replace(textOrLongNumber, (part) => (part.startsWith('"') ? part : `"${part}"`));
  try {
    return JSON.parse(exact) as unknown;
  } catch {
    throw badRequest('The JSON in the request body is malformed');
  }
}
