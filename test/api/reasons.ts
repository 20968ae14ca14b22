/** What of the contract is not tried, and why. Everything else is, or a test fails. */

/** Endpoints that are not called. */
export const notCalled: Record<string, string> = {
  'POST /api/v1/statuses/:id/translate': 'no translation service: it answers the documented 404',
};
