/**
 * Errors with a text that is safe to show to whoever asked. Everything else that is thrown is a surprise: the
 * HTTP layer answers 500 without details and logs it.
 */
export class AppError extends Error {
  constructor(
    readonly status: number,
    /** Shown to the client as `error`. */
    readonly publicText: string,
    /** Further public members of the JSON answer, e.g. `details` of a refused registration. */
    readonly details: Record<string, unknown> = {},
  ) {
    super(publicText);
    this.name = 'AppError';
  }
}

export const badRequest = (text: string): AppError => new AppError(400, text);
export const unauthorized = (text = 'The access token is invalid'): AppError => new AppError(401, text);
export const forbidden = (text = 'This action is not allowed'): AppError => new AppError(403, text);
export const notFound = (text = 'Record not found'): AppError => new AppError(404, text);
export const conflict = (text: string): AppError => new AppError(409, text);
export const gone = (text = 'Gone'): AppError => new AppError(410, text);
export const tooLarge = (text = 'The request body is too large'): AppError => new AppError(413, text);
export const unprocessable = (text: string, details: Record<string, unknown> = {}): AppError =>
  new AppError(422, text, details);
export const invalid = (text: string, details: Record<string, unknown> = {}): AppError =>
  new AppError(422, `Validation failed: ${text}`, details);
export const tooManyRequests = (text = 'Too many requests'): AppError => new AppError(429, text);
export const unavailable = (text = 'Service unavailable'): AppError => new AppError(503, text);

/** Settings, secrets or data that make a start impossible; the message tells the operator what to do. */
export class StartError extends Error {
  override name = 'StartError';
}
